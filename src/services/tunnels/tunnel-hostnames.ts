// Hostnames of their own that accounts of the tunnel server have. Rule: a hostname is for whoever can write into its DNS, and only for as
// long: what is not found there any more leads nowhere.
import { randomBytes } from 'node:crypto';
import type { TunnelBook } from '../../state/tunnel-book.ts';
import type { TunnelHostnameRow, TunnelHostnameTable } from '../../state/tunnel-hostnames.ts';

/** The texts that stand at a name; none is no failure. */
export type ResolveTexts = (name: string) => Promise<readonly string[]>;

export interface TunnelHostnamesOptions {
  /** As it is known here. */
  readonly table: Pick<TunnelHostnameTable, 'of' | 'at' | 'verified'>;
  readonly book: TunnelBook;
  readonly resolve: ResolveTexts;
  /** How often what is verified is looked at again. */
  readonly recheckMs: number;
  /** How many an account may ask for. */
  readonly most: number;
  /** Names below it are given as tunnels. */
  readonly domain: string;
  /** The hostnames that lead somewhere are others now. */
  readonly onChange: () => void;
  /** It leads nowhere any more. */
  readonly onLost: (hostname: string) => void;
  readonly now?: () => number;
}

export type HostnameSettings = Pick<TunnelHostnamesOptions, 'resolve' | 'recheckMs' | 'most' | 'domain'>;
export type HostnameRefusal = { readonly refused: 'invalid' | 'taken' | 'too_many' | 'unknown'; readonly why: string };
export type HostnameRow = TunnelHostnameRow;
export type HostnameAnswer = HostnameRow | HostnameRefusal;

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const LONGEST = 253;
const CHALLENGE_LABEL = '_retunnel-challenge';
const CHALLENGE_BYTES = 20;
/** Where DNS cannot be asked what was verified stays so for a while. */
const UNKNOWN_FOR_MS = 24 * 3_600_000;

export class TunnelHostnames {
  #options: TunnelHostnamesOptions;
  readonly #now: () => number;
  /** Whose each of them is. */
  readonly #owners: Map<string, string>;
  #rechecking: Promise<void> | null = null;

  constructor(options: TunnelHostnamesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#owners = new Map(options.table.verified().map(({ hostname, account }) => [hostname, account]));
  }

  configure(settings: HostnameSettings): void {
    this.#options = { ...this.#options, ...settings };
  }

  /** Those that lead somewhere. */
  verified(): string[] {
    return [...this.#owners.keys()];
  }

  ownerOf(hostname: string): string | null {
    return this.#owners.get(hostname) ?? null;
  }

  of(account: string): TunnelHostnameRow[] {
    return this.#options.table.of(account);
  }

  async register(account: string, wanted: string): Promise<HostnameAnswer> {
    const { table, book, most, domain } = this.#options;
    const hostname = canonical(wanted);
    const problem = hostname === null ? 'expected a name such as app.example.com' : isBelow(hostname, domain);
    if (hostname === null || problem !== null) return { refused: 'invalid', why: problem ?? '' };
    const row = newRow(hostname, account, this.#now());
    let answer: HostnameAnswer = row;
    await book.change('hostname', hostname, (known) => {
      const rows = known ?? [];
      answer = rows.find((each) => each.account === account) ?? row;
      if (answer !== row) return undefined;
      if (isOthers(rows, account)) answer = taken(hostname);
      else if (table.of(account).length >= most) answer = tooMany(most);
      return answer === row ? [...rows, row] : undefined;
    });
    return answer;
  }

  /** Looks into the DNS now. */
  async verify(account: string, wanted: string): Promise<HostnameAnswer> {
    const row = this.#options.table.at(canonical(wanted) ?? '').find((each) => each.account === account);
    return row === undefined ? unknown(wanted) : this.#check(row);
  }

  async remove(account: string, wanted: string): Promise<HostnameRefusal | null> {
    let isThere = false;
    await this.#options.book.change('hostname', canonical(wanted) ?? '', (known) => {
      const rest = known?.filter((each) => each.account !== account) ?? [];
      isThere = known !== null && rest.length < known.length;
      if (!isThere) return undefined;
      return rest.length === 0 ? null : rest;
    });
    return isThere ? null : unknown(wanted);
  }

  /** An account is going. */
  async forget(account: string): Promise<void> {
    for (const { hostname } of this.of(account)) await this.remove(account, hostname);
  }

  /** Somebody has changed its rows, here or on another node. */
  changed(hostname: string, rows: readonly TunnelHostnameRow[] | null): void {
    const owner = rows?.find(({ verifiedAtMs }) => verifiedAtMs !== null)?.account ?? null;
    const before = this.ownerOf(hostname);
    if (owner === before) return;
    this.#owners.delete(hostname);
    if (owner !== null) this.#owners.set(hostname, owner);
    if (before !== null) this.#options.onLost(hostname);
    this.#options.onChange();
  }

  /** Looks again at those whose time it is, one after the other. */
  recheck(): Promise<void> {
    this.#rechecking ??= this.#recheck().finally(() => (this.#rechecking = null));
    return this.#rechecking;
  }

  async #recheck(): Promise<void> {
    const { table, recheckMs } = this.#options;
    const isDue = ({ checkedAtMs }: TunnelHostnameRow): boolean => this.#now() - (checkedAtMs ?? 0) >= recheckMs;
    for (const row of table.verified().filter(isDue)) {
      // Another node may have looked meanwhile.
      const now = table.at(row.hostname).find(({ account }) => account === row.account);
      // What cannot be written down stays as it is.
      if (now !== undefined && isDue(now)) await this.#check(now).catch(() => {});
    }
  }

  async #check(row: TunnelHostnameRow): Promise<HostnameAnswer> {
    const found = await this.#found(row);
    const { hostname, account, challenge } = row;
    let answer: HostnameAnswer = unknown(hostname);
    await this.#options.book.change('hostname', hostname, (known) => {
      const rows = known ?? [];
      answer = unknown(hostname);
      // It may have been removed meanwhile, or be another's.
      const now = rows.find((each) => each.account === account && each.challenge === challenge);
      if (now === undefined) return undefined;
      if (found === true && isOthers(rows, account)) {
        answer = taken(hostname);
        return undefined;
      }
      const next = this.#judged(now, found);
      answer = next;
      return rows.map((each) => (each === now ? next : each));
    });
    return answer;
  }

  #judged(row: TunnelHostnameRow, found: boolean | Error): TunnelHostnameRow {
    const checkedAtMs = this.#now();
    const at = `${CHALLENGE_LABEL}.${row.hostname}`;
    if (found === true) return { ...row, checkedAtMs, verifiedAtMs: checkedAtMs, problem: null };
    if (found === false) {
      return { ...row, checkedAtMs, verifiedAtMs: null, problem: `at ${at} there is no TXT record with the challenge` };
    }
    const isLong = row.verifiedAtMs === null || checkedAtMs - row.verifiedAtMs > UNKNOWN_FOR_MS;
    const problem = `${at} could not be looked up: ${found.message}`;
    return { ...row, checkedAtMs, verifiedAtMs: isLong ? null : row.verifiedAtMs, problem };
  }

  /** An error: nobody could say. */
  async #found({ hostname, challenge }: TunnelHostnameRow): Promise<boolean | Error> {
    try {
      const texts = await this.#options.resolve(`${CHALLENGE_LABEL}.${hostname}`);
      return texts.some((text) => text.trim() === challenge);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function newRow(hostname: string, account: string, madeAtMs: number): TunnelHostnameRow {
  const challenge = `sluice-verification=${randomBytes(CHALLENGE_BYTES).toString('hex')}`;
  return { hostname, account, challenge, madeAtMs, verifiedAtMs: null, checkedAtMs: null, problem: null };
}

function isOthers(rows: readonly TunnelHostnameRow[], account: string): boolean {
  return rows.some((each) => each.account !== account && each.verifiedAtMs !== null);
}

/** In the one spelling in which it is compared, whatever it is. */
export function spelled(wanted: string): string {
  return wanted.trim().toLowerCase().replace(/\.$/, '');
}

/** null: it is none. */
export function canonical(wanted: string): string | null {
  const hostname = spelled(wanted);
  const labels = hostname.split('.');
  const last = labels.at(-1) ?? '';
  if (hostname.length > LONGEST || labels.length < 2 || /^\d+$/.test(last)) return null;
  return labels.every((label) => LABEL.test(label)) ? hostname : null;
}

/** What the matter is; null: nothing. */
function isBelow(hostname: string, domain: string): string | null {
  const isOurs = hostname === domain || hostname.endsWith(`.${domain}`) || domain.endsWith(`.${hostname}`);
  return isOurs ? 'names below the domain of this server are asked for as tunnels' : null;
}

function taken(hostname: string): HostnameRefusal {
  return { refused: 'taken', why: `${hostname} belongs to another account` };
}

function tooMany(most: number): HostnameRefusal {
  return { refused: 'too_many', why: `an account may have ${most} hostnames` };
}

function unknown(hostname: string): HostnameRefusal {
  return { refused: 'unknown', why: `this account has not registered ${hostname}` };
}
