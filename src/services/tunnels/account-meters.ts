// The meters of the accounts that are connected, with what accounts may have of their own. Rule: only accounts with clients have a meter;
// what was used today is written down, so that neither a restart nor a new connection makes it less.
import type { TunnelUseRow, TunnelUseTable } from '../../state/tunnel-use.ts';
import { AccountMeter, dayOf, type TunnelLimits, type UsedToday } from './account-meter.ts';

/** What is missing is as everybody has it. */
export type OwnLimits = Partial<TunnelLimits>;

type UseTable = Pick<TunnelUseTable, 'limits' | 'setLimits' | 'find' | 'keepUses'>;

export class AccountMeters {
  readonly #table: UseTable;
  readonly #now: () => number;
  readonly #own: Map<string, OwnLimits>;
  readonly #meters = new Map<string, AccountMeter>();
  #common: TunnelLimits;

  constructor(table: UseTable, common: TunnelLimits, now: () => number = Date.now) {
    this.#table = table;
    this.#now = now;
    this.#common = common;
    this.#own = new Map([...table.limits()].map(([account, json]) => [account, JSON.parse(json) as OwnLimits]));
  }

  /** Those of another configuration. */
  follow(common: TunnelLimits): void {
    this.#common = common;
    for (const meter of this.#meters.values()) meter.limits = this.limitsOf(meter.account);
  }

  limitsOf(account: string): TunnelLimits {
    const own = this.#own.get(account);
    return own === undefined ? this.#common : { ...this.#common, ...own };
  }

  ownLimitsOf(account: string): OwnLimits | null {
    return this.#own.get(account) ?? null;
  }

  /** In force at once; null: as everybody. */
  setLimits(account: string, own: OwnLimits | null): void {
    if (own === null) this.#own.delete(account);
    else this.#own.set(account, own);
    this.#table.setLimits(account, own === null ? null : JSON.stringify(own));
    const meter = this.#meters.get(account);
    if (meter !== undefined) meter.limits = this.limitsOf(account);
  }

  meterOf(account: string): AccountMeter {
    const known = this.#meters.get(account);
    if (known !== undefined) return known;
    const meter = new AccountMeter(account, this.limitsOf(account), this.#usedToday(account));
    this.#meters.set(account, meter);
    return meter;
  }

  /** null: it is not connected. */
  find(account: string): AccountMeter | null {
    return this.#meters.get(account) ?? null;
  }

  expired(): string[] {
    const now = this.#now();
    return [...this.#meters.values()]
      .filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= now)
      .map(({ account }) => account);
  }

  usedToday(account: string): UsedToday & { readonly streams: number } {
    const meter = this.#meters.get(account);
    meter?.turn(this.#now());
    return meter ?? { ...this.#usedToday(account), streams: 0 };
  }

  /** Writes down what has changed, and forgets those who are not connected any more. */
  keep(): void {
    const rows: TunnelUseRow[] = [];
    for (const meter of this.#meters.values()) {
      meter.turn(this.#now());
      const { account, day, bytes, requests } = meter;
      if (meter.isChanged) rows.push({ account, day, bytes, requests });
      meter.isChanged = false;
      if (meter.sessions === 0 && meter.streams === 0) this.#meters.delete(account);
    }
    this.#table.keepUses(rows);
  }

  #usedToday(account: string): UsedToday {
    const day = dayOf(this.#now());
    const row = this.#table.find(account);
    return row?.day === day ? row : { day, bytes: 0, requests: 0 };
  }
}
