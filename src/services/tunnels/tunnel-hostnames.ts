// Hostnames of their own that accounts of the tunnel server have. Rule: a hostname is for whoever can write into its DNS, and only for as
// long: what is not found there any more leads nowhere.
import { randomBytes } from 'node:crypto';
import type { TunnelHostnameRow, TunnelHostnameTable } from '../../state/tunnel-hostnames.ts';

/** The texts that stand at a name; none is no failure. */
export type ResolveTexts = (name: string) => Promise<readonly string[]>;

export interface TunnelHostnamesOptions {
  readonly table: TunnelHostnameTable;
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

  register(account: string, wanted: string): HostnameAnswer {
    const { table, most, domain } = this.#options;
    const hostname = canonical(wanted);
    const problem = hostname === null ? 'expected a name such as app.example.com' : isBelow(hostname, domain);
    if (hostname === null || problem !== null) return { refused: 'invalid', why: problem ?? '' };
    const known = table.find(hostname, account);
    if (known !== null) return known;
    if (this.#isOthers(hostname, account)) return taken(hostname);
    if (table.of(account).length >= most) return { refused: 'too_many', why: `an account may have ${most} hostnames` };
    const row = {
      hostname,
      account,
      challenge: `sluice-verification=${randomBytes(CHALLENGE_BYTES).toString('hex')}`,
      madeAtMs: this.#now(),
      verifiedAtMs: null,
      checkedAtMs: null,
      problem: null,
    };
    table.keep(row);
    return row;
  }

  /** Looks into the DNS now. */
  async verify(account: string, wanted: string): Promise<HostnameAnswer> {
    const row = this.#options.table.find(canonical(wanted) ?? '', account);
    return row === null ? unknown(wanted) : this.#check(row);
  }

  remove(account: string, wanted: string): HostnameRefusal | null {
    const hostname = canonical(wanted) ?? '';
    if (!this.#options.table.remove(hostname, account)) return unknown(wanted);
    if (this.#owners.get(hostname) === account) this.#lose(hostname);
    return null;
  }

  /** An account is gone, with its rows. */
  forget(account: string): void {
    for (const [hostname, owner] of this.#owners) if (owner === account) this.#lose(hostname);
  }

  /** Looks again at those whose time it is, one after the other. */
  recheck(): Promise<void> {
    this.#rechecking ??= this.#recheck().finally(() => (this.#rechecking = null));
    return this.#rechecking;
  }

  async #recheck(): Promise<void> {
    const { table, recheckMs } = this.#options;
    const due = table.verified().filter(({ checkedAtMs }) => this.#now() - (checkedAtMs ?? 0) >= recheckMs);
    for (const row of due) await this.#check(row);
  }

  async #check(row: TunnelHostnameRow): Promise<HostnameAnswer> {
    const found = await this.#found(row);
    const { hostname, account } = row;
    const { table } = this.#options;
    // It may have been removed meanwhile, or be another's.
    if (table.find(hostname, account)?.challenge !== row.challenge) return unknown(hostname);
    if (found === true && this.#isOthers(hostname, account)) return taken(hostname);
    const next = this.#judged(row, found);
    table.keep(next);
    if (next.verifiedAtMs === null) this.#loseOf(row);
    else if (!this.#owners.has(hostname)) {
      this.#owners.set(hostname, account);
      this.#options.onChange();
    }
    return next;
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

  #isOthers(hostname: string, account: string): boolean {
    const owner = this.#owners.get(hostname);
    return owner !== undefined && owner !== account;
  }

  #loseOf({ hostname, account }: TunnelHostnameRow): void {
    if (this.#owners.get(hostname) === account) this.#lose(hostname);
  }

  #lose(hostname: string): void {
    this.#owners.delete(hostname);
    this.#options.onLost(hostname);
    this.#options.onChange();
  }
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

function unknown(hostname: string): HostnameRefusal {
  return { refused: 'unknown', why: `this account has not registered ${hostname}` };
}
