// The clients of the generation 2.x that are connected, by what their proxy sockets name. Rule: a socket finds only a client of the
// account that it has shown itself to belong to.
import type { LegacyClient } from './legacy-link.ts';

export class LegacyClients {
  readonly #sessions = new Map<string, LegacyClient>();

  add(session: LegacyClient): void {
    this.#sessions.set(session.clientId, session);
  }

  delete(session: LegacyClient): void {
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  find(account: string, clientId: string): LegacyClient | null {
    const session = this.#sessions.get(clientId);
    return session?.account === account ? session : null;
  }
}
