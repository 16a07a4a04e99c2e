// A request that waits for what another one fetches. Rule: it is told once; what it is told to read is opened at once, so that no byte of it
// is missed.
import type { JoinedFilling } from '../../services/cache/store/filling.ts';
import type { FlightWaiter } from '../../services/cache/store/flights.ts';
import type { AnswerMeta } from '../../services/cache/answer-meta.ts';
import { AS_IT_IS, type View } from './kept-answer.ts';
import { KeptBody } from './kept-body.ts';

export type Outcome =
  | {
      readonly kind: 'joined';
      readonly meta: AnswerMeta;
      readonly bodyLength: number;
      readonly body: KeptBody;
      readonly view: View;
    }
  /** It is another variant, or not fresh enough. */
  | { readonly kind: 'unfit'; readonly meta: AnswerMeta }
  | { readonly kind: 'again' | 'alone' | 'failed' };

/** What the client gets of it: the same, or a copy. */
export type See = (filling: JoinedFilling) => { readonly source: JoinedFilling; readonly view: View };

const asItIs: See = (filling) => ({ source: filling, view: AS_IT_IS });

export class Waiting implements FlightWaiter {
  readonly outcome: Promise<Outcome>;
  private readonly tell: (outcome: Outcome) => void;
  private readonly fits: (meta: AnswerMeta) => boolean;
  private readonly onGiven: (bytes: number) => void;
  private readonly see: See;
  private body: KeptBody | null = null;
  private isGone = false;

  constructor(fits: (meta: AnswerMeta) => boolean, onGiven: (bytes: number) => void, see: See = asItIs) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.tell = resolve;
    this.fits = fits;
    this.onGiven = onGiven;
    this.see = see;
  }

  joined(filling: JoinedFilling): void {
    const { meta } = filling;
    if (this.isGone) return;
    if (!this.fits(meta)) {
      this.tell({ kind: 'unfit', meta });
      return;
    }
    const { source, view } = this.see(filling);
    this.body = KeptBody.open((reader) => source.read(reader), this.onGiven);
    if (this.body === null) this.tell({ kind: 'alone' });
    else this.tell({ kind: 'joined', meta, bodyLength: source.bodyLength, body: this.body, view });
  }

  again(): void {
    this.tell({ kind: 'again' });
  }

  alone(): void {
    this.tell({ kind: 'alone' });
  }

  failed(): void {
    this.tell({ kind: 'failed' });
  }

  /** Its client is gone: nobody reads what it may have been given meanwhile. */
  leave(): void {
    this.isGone = true;
    this.body?.cancel();
  }
}
