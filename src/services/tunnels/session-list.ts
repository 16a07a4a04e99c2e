// The clients that are connected, by account. Rule: nothing here takes longer when more accounts are connected.
import type { TunnelLink } from './tunnel-link.ts';

export class SessionList {
  readonly #byAccount = new Map<string, Set<TunnelLink>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** With the account that it has at this moment. */
  add(session: TunnelLink): void {
    const known = this.#byAccount.get(session.account);
    if (known?.has(session)) return;
    if (known === undefined) this.#byAccount.set(session.account, new Set([session]));
    else known.add(session);
    this.#size += 1;
    if (session.meter !== null) session.meter.sessions += 1;
  }

  delete(session: TunnelLink): void {
    const known = this.#byAccount.get(session.account);
    if (known === undefined || !known.delete(session)) return;
    if (known.size === 0) this.#byAccount.delete(session.account);
    this.#size -= 1;
    if (session.meter !== null) session.meter.sessions -= 1;
  }

  of(account: string): readonly TunnelLink[] {
    return [...(this.#byAccount.get(account) ?? [])];
  }

  accounts(): string[] {
    return [...this.#byAccount.keys()];
  }

  all(): TunnelLink[] {
    return [...this.#byAccount.values()].flatMap((sessions) => [...sessions]);
  }
}
