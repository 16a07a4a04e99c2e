// Several sockets on one port: those of the threads of this program, and for a moment those of the program that takes its place.
// Rule: a port that another program has is never shared with it unless this program is there to take that one's place.

/** The kernel spreads connections over all that listen. */
export const CAN_SHARE_PORTS: boolean = process.platform === 'linux' || process.platform === 'freebsd';

/** What another program of ours still has: one for each thread. */
class Succession {
  /** It is about to let go of the same doors. */
  isUnderWay = false;
  readonly #undo: (() => void)[] = [];
  readonly #finish: (() => void)[] = [];

  /** What has been taken away before it was certain: how it is given back, and what is left to do once it is ours. */
  took(undo: () => void, finish: () => void): void {
    this.#undo.push(undo);
    this.#finish.push(finish);
  }

  /** The other one has let go. */
  complete(): void {
    this.#undo.length = 0;
    for (const finish of this.#finish.splice(0)) finish();
  }

  /** The other one goes on as if nothing had been tried. */
  abandon(): void {
    this.isUnderWay = false;
    this.#finish.length = 0;
    for (const undo of this.#undo.splice(0).toReversed()) undo();
  }
}

export const succession: Succession = new Succession();
