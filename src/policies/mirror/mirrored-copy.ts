// One copy on its way to the second target. Rule: it ends once, in one of the ways that are counted, whatever else happens; what it
// keeps is never more than what a body may have.
import type { Aside, AsideEvents, AsideRequest } from '../../contract/aside.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import type { MirrorOutcome } from './mirror.ts';

export class MirroredCopy implements AsideEvents {
  readonly #maxBodyBytes: number;
  readonly #over: (outcome: MirrorOutcome) => void;
  #aside: Aside | null = null;
  #bytes = 0;
  #isComplete = false;
  #isOver = false;

  constructor(maxBodyBytes: number, over: (outcome: MirrorOutcome) => void) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#over = over;
  }

  begin(exchange: Exchange, target: ForwardTarget, request: AsideRequest): void {
    const aside = exchange.aside(target, request, this);
    // It may have failed already.
    if (!this.#isOver) this.#aside = aside;
  }

  // -- The request -------------------------------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes += to - from;
    if (this.#bytes > this.#maxBodyBytes) this.#giveUp('too_large');
    else this.#aside?.write(bytes, from, to);
  }

  complete(): void {
    this.#isComplete = true;
    this.#aside?.end();
  }

  /** There will be no more of the request. */
  cut(): void {
    if (!this.#isComplete) this.#giveUp('cut');
  }

  // -- The answer, which nobody wants ------------------------------------------------------------------------------

  head(): void {}

  body(): void {}

  end(): void {
    this.#ends('answered');
  }

  failed(): void {
    this.#ends('failed');
  }

  #giveUp(outcome: MirrorOutcome): void {
    this.#aside?.cancel();
    this.#ends(outcome);
  }

  #ends(outcome: MirrorOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#aside = null;
    this.#over(outcome);
  }
}
