// Copies a share of the requests to a second target and drops what that answers. Rule: the request itself goes first and waits for
// nothing; a copy that cannot keep up, or that there is no room for, is given up and counted.
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import { MirroredCopy } from './mirrored-copy.ts';
import { ShareCounter } from './share-counter.ts';

/** answered: with whatever; failed: not at all, or not to the end; cut: the request itself came to nothing. */
export type MirrorOutcome = 'answered' | 'failed' | 'too_large' | 'too_many' | 'cut';

export interface MirrorOptions {
  readonly target: ForwardTarget;
  /** From 0 to 1. */
  readonly share: number;
  /** Of one request; longer ones are not copied. */
  readonly maxBodyBytes: number;
  /** How many copies may be on their way. */
  readonly mostAtOnce: number;
  /** For a copy from its first byte to the last byte of its answer. */
  readonly timeoutMs: number;
  readonly count: (outcome: MirrorOutcome) => void;
}

/** By this a copy is known, and not copied again. */
const MARK = 'X-Sluice-Mirror';
const MARKED = MARK.toLowerCase();

export function mirror(options: MirrorOptions): Policy {
  const copies = new Copies(options);
  return {
    name: 'mirror',
    request: (exchange) => {
      if (!exchange.request.hasBody) copies.begin(exchange, null)?.complete();
    },
    requestBody: (exchange, sink) => {
      const copy = copies.begin(exchange, bodyLengthOf(exchange.request));
      return copy === null ? null : new CopiedBody(copy, sink);
    },
    dispose: () => options.target.dispose?.(),
  };
}

class Copies {
  readonly #options: MirrorOptions;
  readonly #share: ShareCounter;
  #running = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#share = new ShareCounter(options.share);
  }

  /** Null: this request is not copied. `bodyLength` as in AsideRequest. */
  begin(exchange: Exchange, bodyLength: number | null): MirroredCopy | null {
    const { request } = exchange;
    if (request.fields.has(MARKED) || request.wantsUpgrade || !this.#share.takes()) return null;
    const { count, maxBodyBytes, mostAtOnce, target, timeoutMs } = this.#options;
    const isTooLarge = bodyLength !== null && bodyLength > maxBodyBytes;
    if (isTooLarge || this.#running >= mostAtOnce) {
      count(isTooLarge ? 'too_large' : 'too_many');
      return null;
    }
    this.#running += 1;
    const copy = new MirroredCopy(maxBodyBytes, (outcome) => {
      this.#running -= 1;
      count(outcome);
    });
    const { method, path, query, authority, fields } = request;
    const marked = [...fields.entries(), [MARK, '1'] as const];
    const asked = path === '' ? '/' : path + query;
    copy.begin(exchange, target, { method, target: asked, authority, fields: marked, bodyLength, timeoutMs });
    return copy;
  }
}

function bodyLengthOf({ fields }: RequestView): number {
  const length = fields.get('content-length');
  return length === undefined ? -1 : Number(length);
}

class CopiedBody implements BodyTransform {
  readonly keepsLength = true;
  readonly #copy: MirroredCopy;
  readonly #sink: BodySink;

  constructor(copy: MirroredCopy, sink: BodySink) {
    this.#copy = copy;
    this.#sink = sink;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.#sink.write(bytes, from, to);
    this.#copy.write(bytes, from, to);
  }

  end(): void {
    this.#copy.complete();
    this.#sink.end();
  }

  abort(): void {
    this.#copy.cut();
  }
}
