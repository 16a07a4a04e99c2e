// What has been used, as it is kept and as it is asked for: the same words for every place where it may be. Types only, and the sums of a
// day. Rule: a day is one of UTC; whoever asks for whole days is answered from their sums, which are few.

/** One request, as it is kept. */
export interface UsageRow {
  readonly atMs: number;
  readonly provider: string;
  readonly user: string;
  readonly account: string;
  readonly model: string;
  readonly session: string;
  readonly isKnown: boolean;
  /** Answered by us with what was answered before: the provider was not asked. */
  readonly isCached?: true;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** What sums are made by. */
export type UsageKey = 'day' | 'provider' | 'user' | 'account' | 'model' | 'session';

export interface UsageCounts {
  readonly requests: number;
  /** Of these requests nobody knows what they have used. */
  readonly unknown: number;
  /** Of these requests: answered from the cache, so that they have used nothing. */
  readonly cached: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface UsageSum extends UsageCounts {
  /** Those that were asked for. */
  readonly keys: Readonly<Partial<Record<UsageKey, string>>>;
  readonly model: string;
}

export interface UsageQuestion {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  readonly by: readonly UsageKey[];
}

/** Until when what is older is to be forgotten. */
export interface UsageAges {
  /** Of single requests, and of the sums of sessions. */
  readonly rowsBeforeMs: number;
  /** Of the sums of days. */
  readonly daysBeforeMs: number;
}

/** What was used in one day by those of the same names. */
export interface DaySum extends UsageCounts {
  /** Counted from 1970 on. */
  readonly day: number;
  readonly provider: string;
  readonly user: string;
  readonly account: string;
  readonly model: string;
  /** Empty where sessions are not told apart. */
  readonly session: string;
}

export const DAY_MS = 86_400_000;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

export function asksForWholeDays({ fromMs, toMs }: UsageQuestion): boolean {
  return fromMs % DAY_MS === 0 && toMs % DAY_MS === 0;
}

/** Fewer, mostly: those of one day and the same names become one. */
export function daySums(rows: readonly UsageRow[], bySession: boolean): DaySum[] {
  const sums = new Map<string, DaySum>();
  for (const row of rows) {
    const one = daySumOf(row, bySession ? row.session : '');
    const id = JSON.stringify([one.day, one.provider, one.user, one.account, one.model, one.session]);
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? one : { ...one, ...added(sum, one) });
  }
  return [...sums.values()];
}

function daySumOf(row: UsageRow, session: string): DaySum {
  const { atMs, provider, user, account, model, isKnown, isCached, input, output, cacheRead, cacheWrite } = row;
  const asked = { requests: 1, unknown: isKnown ? 0 : 1, cached: isCached === true ? 1 : 0 };
  const counts = { ...asked, input, output, cacheRead, cacheWrite };
  return { day: dayOf(atMs), provider, user, account, model, session, ...counts };
}

/** Sums of what is asked for, made of those of days; apart by model in any case, in order. */
export function groupedSums(parts: readonly DaySum[], by: readonly UsageKey[]): UsageSum[] {
  const groups = new Map<string, { readonly names: readonly string[]; sum: UsageSum }>();
  for (const part of parts) {
    const keys = by.map((key) => [key, key === 'day' ? dayText(part.day) : part[key]] as const);
    const names = [...keys.map(([, name]) => name), part.model];
    const id = JSON.stringify(names);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { names, sum: sumOf(part, Object.fromEntries(keys)) });
    else group.sum = { ...group.sum, ...added(group.sum, part) };
  }
  return [...groups.values()].toSorted((a, b) => compareNames(a.names, b.names)).map(({ sum }) => sum);
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function sumOf(part: DaySum, keys: UsageSum['keys']): UsageSum {
  const { model, requests, unknown, cached, input, output, cacheRead, cacheWrite } = part;
  return { keys, model, requests, unknown, cached, input, output, cacheRead, cacheWrite };
}

function compareNames(a: readonly string[], b: readonly string[]): number {
  for (const [index, name] of a.entries()) {
    const other = b[index] ?? '';
    if (name !== other) return name < other ? -1 : 1;
  }
  return 0;
}

function added(a: UsageCounts, b: UsageCounts): UsageCounts {
  return {
    requests: a.requests + b.requests,
    unknown: a.unknown + b.unknown,
    cached: a.cached + b.cached,
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}
