// Whose turn it is with a session. Rule: one run at a time goes on with a session, because agents take no lock and two at once would
// each go their own way; who comes later waits, first come first served.

export interface SessionTurn {
  /** Somebody else goes on with the session. */
  readonly isWaiting: boolean;
  /** It is over, or not wanted any more. */
  leave(): void;
}

interface Waiting extends SessionTurn {
  readonly begin: () => void;
}

export class SessionTurns {
  readonly #lines = new Map<string, Waiting[]>();

  /** Calls `begin` once, now or later. */
  enter(session: string, begin: () => void): SessionTurn {
    const line = this.#lines.get(session) ?? [];
    const place: Waiting = {
      begin,
      leave: () => this.#leave(session, place),
      get isWaiting() {
        return line[0] !== place;
      },
    };
    this.#lines.set(session, line);
    line.push(place);
    if (line[0] === place) begin();
    return place;
  }

  /** For a run that has just begun that session: those who come from now on wait for it. null: somebody has it already. */
  claim(session: string): SessionTurn | null {
    return this.#lines.has(session) ? null : this.enter(session, () => {});
  }

  #leave(session: string, place: Waiting): void {
    const line = this.#lines.get(session) ?? [];
    const at = line.indexOf(place);
    if (at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(session);
    else if (at === 0) line[0]?.begin();
  }
}
