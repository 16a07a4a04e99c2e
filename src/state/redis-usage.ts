// What has been used, kept in a Redis that several nodes share. Rule: a batch is added by one script, whole or not at all, and once: the
// mark that it leaves goes when nobody can send it again.
import type { RedisConnection } from './redis-connection.ts';
import {
  DAY_MS,
  dayOf,
  type DaySum,
  daySums,
  groupedSums,
  type UsageAges,
  type UsageQuestion,
  type UsageRow,
  type UsageSum,
} from './usage-row.ts';
import type { StoreState, UsageBatch, UsageStore } from './usage-store.ts';

/** In braces: what a cluster of Redis keeps together. */
const PREFIX = 'sluice:{usage}:';
/** The days of which there is something: of their sums, and of their requests. */
const DAYS_INDEX = `${PREFIX}index:days`;
const ROWS_INDEX = `${PREFIX}index:rows`;

/** As long as a batch may wait on a node before it is given again. */
const MARK_SECONDS = 14 * 86_400;

/**
 * KEYS: the mark of the batch, the two indexes, for each day its requests, sums and sums of sessions, then marks to be taken away.
 * ARGV: how long the mark stays, how many days; for each day the day, its requests, its sums, its sums of sessions, each list with its
 * length before it; a sum is a name and seven numbers.
 */
const ADD = `
local place = 0
local function take()
  place = place + 1
  return ARGV[place]
end
local function add(key)
  for _ = 1, tonumber(take()) do
    local name = take()
    local old = redis.call('HGET', key, name)
    local sums = {}
    for number in string.gmatch(old or '', '%S+') do sums[#sums + 1] = tonumber(number) end
    for i = 1, 7 do sums[i] = string.format('%.0f', (sums[i] or 0) + tonumber(take())) end
    redis.call('HSET', key, name, table.concat(sums, ' '))
  end
end
local seconds = take()
for i = 4 + 3 * tonumber(ARGV[2]), #KEYS do redis.call('DEL', KEYS[i]) end
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', seconds) then return 0 end
for day = 1, tonumber(take()) do
  local at = 1 + 3 * day
  local number = take()
  redis.call('ZADD', KEYS[2], number, number)
  redis.call('ZADD', KEYS[3], number, number)
  for _ = 1, tonumber(take()) do redis.call('RPUSH', KEYS[at], take()) end
  add(KEYS[at + 1])
  add(KEYS[at + 2])
end
return 1
`;

/** Asked for at once. */
const DAYS_AT_ONCE = 32;
const ROWS_AT_ONCE = 10_000;

export class RedisUsage implements UsageStore {
  private readonly connection: Pick<RedisConnection, 'send' | 'close' | 'server' | 'isUp'>;
  /** Marks that can go: their batches were sent once and have arrived. */
  private arrived: string[] = [];
  /** Nobody knows what has become of them: what was sent may still lie on the way, so their marks stay for their time. */
  private readonly doubtful = new Set<string>();

  constructor(connection: Pick<RedisConnection, 'send' | 'close' | 'server' | 'isUp'>) {
    this.connection = connection;
  }

  async add({ id, rows }: UsageBatch): Promise<void> {
    const mark = `${PREFIX}batch:${id}`;
    const { arrived } = this;
    const byDay = Map.groupBy(rows, ({ atMs }) => dayOf(atMs));
    const keys = [mark, DAYS_INDEX, ROWS_INDEX, ...[...byDay.keys()].flatMap(keysOf), ...arrived];
    const args = [MARK_SECONDS, byDay.size, ...[...byDay].flatMap(([day, its]) => argumentsOf(day, its))];
    const wasDoubtful = this.doubtful.delete(mark);
    this.doubtful.add(mark);
    const reply = await this.connection.send(['EVAL', ADD, String(keys.length), ...keys, ...args.map(String)]);
    this.doubtful.delete(mark);
    const left = this.arrived.filter((each) => !arrived.includes(each));
    this.arrived = wasDoubtful || reply === 0 ? left : [mark, ...left];
  }

  async sums(question: UsageQuestion): Promise<UsageSum[]> {
    const { fromMs, toMs, by } = question;
    const bySession = by.includes('session');
    const [first, end] = [Math.ceil(fromMs / DAY_MS), dayOf(toMs)];
    const parts: DaySum[] = [];
    const days = await this.days(DAYS_INDEX, String(first), `(${end}`);
    for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
      const some = days.slice(at, at + DAYS_AT_ONCE).map((day) => this.sumsOfDay(day, bySession));
      parts.push(...(await Promise.all(some)).flat());
    }
    for (const [from, to] of pieces(fromMs, toMs)) parts.push(...(await this.sumsOfPiece(from, to, bySession)));
    return groupedSums(parts, by);
  }

  async forget({ rowsBeforeMs, daysBeforeMs }: UsageAges): Promise<void> {
    const rowsOf = await this.days(ROWS_INDEX, '-inf', `(${dayOf(rowsBeforeMs)}`);
    await this.remove(ROWS_INDEX, rowsOf, (day) => [rowsKey(day), sessionsKey(day)]);
    const daysOf = await this.days(DAYS_INDEX, '-inf', `(${dayOf(daysBeforeMs)}`);
    await this.remove(DAYS_INDEX, daysOf, (day) => [daysKey(day)]);
  }

  state(): StoreState {
    const { server, isUp } = this.connection;
    return { server, isUp, waitingRows: 0 };
  }

  async close(): Promise<void> {
    this.connection.close();
  }

  private async days(index: string, from: string, to: string): Promise<number[]> {
    return texts(await this.connection.send(['ZRANGEBYSCORE', index, from, to])).map(Number);
  }

  /** One after the other: what takes a server long holds up all its clients. */
  private async remove(index: string, days: readonly number[], keys: (day: number) => string[]): Promise<void> {
    for (const day of days) {
      await this.connection.send(['DEL', ...keys(day)]);
      await this.connection.send(['ZREM', index, String(day)]);
    }
  }

  private async sumsOfDay(day: number, bySession: boolean): Promise<DaySum[]> {
    const flat = texts(await this.connection.send(['HGETALL', bySession ? sessionsKey(day) : daysKey(day)]));
    return flat.flatMap((name, at) => (at % 2 === 0 ? [daySumOf(day, name, flat[at + 1] ?? '')] : []));
  }

  /** Of a part of one day. */
  private async sumsOfPiece(fromMs: number, toMs: number, bySession: boolean): Promise<DaySum[]> {
    const sums: DaySum[] = [];
    const key = rowsKey(dayOf(fromMs));
    for (let at = 0; ; at += ROWS_AT_ONCE) {
      const some = texts(await this.connection.send(['LRANGE', key, String(at), String(at + ROWS_AT_ONCE - 1)]));
      const rows = some.map(rowOf).filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
      sums.push(...daySums(rows, bySession));
      if (some.length < ROWS_AT_ONCE) return sums;
    }
  }
}

function rowsKey(day: number): string {
  return `${PREFIX}rows:${day}`;
}

function daysKey(day: number): string {
  return `${PREFIX}days:${day}`;
}

function sessionsKey(day: number): string {
  return `${PREFIX}sessions:${day}`;
}

function keysOf(day: number): string[] {
  return [rowsKey(day), daysKey(day), sessionsKey(day)];
}

function argumentsOf(day: number, rows: readonly UsageRow[]): (string | number)[] {
  const days = daySums(rows, false).map((sum) => ({ name: nameOf(sum, false), sum }));
  const sessions = daySums(rows, true).map((sum) => ({ name: nameOf(sum, true), sum }));
  const listed = (sums: typeof days): (string | number)[] => [
    sums.length,
    ...sums.flatMap(({ name, sum }) => [name, ...countsOf(sum)]),
  ];
  return [day, rows.length, ...rows.map(textOf), ...listed(days), ...listed(sessions)];
}

function nameOf({ provider, user, account, model, session }: DaySum, bySession: boolean): string {
  return JSON.stringify([provider, user, account, model, ...(bySession ? [session] : [])]);
}

function countsOf({ requests, unknown, cached, input, output, cacheRead, cacheWrite }: DaySum): number[] {
  return [requests, unknown, cached, input, output, cacheRead, cacheWrite];
}

function daySumOf(day: number, name: string, counts: string): DaySum {
  const [provider = '', user = '', account = '', model = '', session = ''] = JSON.parse(name) as string[];
  const [requests = 0, unknown = 0, cached = 0, input = 0, output = 0, cacheRead = 0, cacheWrite = 0] = counts
    .split(' ')
    .map(Number);
  const names = { day, provider, user, account, model, session };
  return { ...names, requests, unknown, cached, input, output, cacheRead, cacheWrite };
}

type RowText = [number, string, string, string, string, string, 0 | 1, 0 | 1, number, number, number, number];

function textOf(row: UsageRow): string {
  const { atMs, provider, user, account, model, session, isKnown, isCached } = row;
  const { input, output, cacheRead, cacheWrite } = row;
  const names: [string, string, string, string, string] = [provider, user, account, model, session];
  const parts: RowText = [
    Math.floor(atMs),
    ...names,
    isKnown ? 1 : 0,
    isCached === true ? 1 : 0,
    input,
    output,
    cacheRead,
    cacheWrite,
  ];
  return JSON.stringify(parts);
}

function rowOf(text: string): UsageRow {
  const [atMs, provider, user, account, model, session, known, cached, ...counts] = JSON.parse(text) as RowText;
  const [input, output, cacheRead, cacheWrite] = counts;
  const row = { atMs, provider, user, account, model, session, isKnown: known === 1 };
  return { ...row, ...(cached === 1 ? { isCached: true } : {}), input, output, cacheRead, cacheWrite };
}

/** The parts of days at the two ends of a time. */
function pieces(fromMs: number, toMs: number): [fromMs: number, toMs: number][] {
  const [firstDay, lastDay] = [dayOf(fromMs), dayOf(toMs)];
  if (firstDay === lastDay) return fromMs < toMs ? [[fromMs, toMs]] : [];
  const found: [number, number][] = [];
  if (fromMs % DAY_MS !== 0) found.push([fromMs, (firstDay + 1) * DAY_MS]);
  if (toMs % DAY_MS !== 0) found.push([lastDay * DAY_MS, toMs]);
  return found;
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
