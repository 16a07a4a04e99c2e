// Makes a copy of an answer in another encoding, beside the answer, from what lies in the cache or is just coming. Rule: the work is done once for all
// who want it, at the pace at which the answer comes and the copy can be kept; what is not whole is no copy.
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { AnswerMeta, FieldLine } from '../../services/cache/answer-meta.ts';
import type { Copier } from '../../services/cache/copier.ts';
import type { BodyReader, BodyReading } from '../../services/cache/store/body-reading.ts';
import type { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { Filling, FillOptions, JoinedFilling } from '../../services/cache/store/filling.ts';
import type { FlightWaiter } from '../../services/cache/store/flights.ts';
import type { CopyEncoding } from '../../services/cache/store/stored-answer.ts';

/** What is copied. */
export interface CopyBase {
  readonly key: string;
  readonly meta: AnswerMeta;
  /** Where copies belong to. */
  readonly serial: number;
  /** -1: only its end will tell. */
  readonly bodyLength: number;
  read(reader: BodyReader): BodyReading | null;
}

export interface CopyMeans {
  readonly store: CacheStore;
  readonly copier: Copier;
}

export function copyKey({ key, serial }: Pick<CopyBase, 'key' | 'serial'>, encoding: CopyEncoding): string {
  return `${key}\n\n${serial} ${encoding}`;
}

/** The copy that is being made, for a client to read; `waiting`: the waiter is told of it. null: the answer is gone. */
export function beginCopy(
  base: CopyBase,
  encoding: CopyEncoding,
  { store, copier }: CopyMeans,
  waiter: FlightWaiter,
): Filling | 'waiting' | null {
  const { key, meta, serial, bodyLength } = base;
  const claim = store.claim(copyKey(base, encoding), waiter);
  if (claim === 'waiting') return 'waiting';
  const more: FillOptions = { encoding, copyOf: serial };
  const filling = claim === 'alone' ? store.fill(key, meta, -1, more) : claim.fill(key, meta, -1, more);
  return new CopyMaking(filling, (sink) => copier.open(meta.fields, encoding, bodyLength, sink)).start(base);
}

/** The same at once or not at all, of an answer that is just coming. */
export function copyOfComing(coming: JoinedFilling, encoding: CopyEncoding, means: CopyMeans): JoinedFilling | null {
  const { key, meta, bodyLength } = coming;
  const serial = coming.takeSerial();
  if (serial === 0) return null;
  let joined: JoinedFilling | null = null;
  const waiter: FlightWaiter = {
    joined: (filling) => void (joined = filling),
    again: () => {},
    alone: () => {},
    failed: () => {},
  };
  const base = { key, meta, serial, bodyLength, read: (reader: BodyReader) => coming.read(reader) };
  const begun = beginCopy(base, encoding, means, waiter);
  if (begun !== 'waiting') return begun;
  if (joined === null) means.store.leave(copyKey(base, encoding), waiter);
  return joined;
}

/** Reads the answer, and writes the copy. */
class CopyMaking implements BodyReader {
  private readonly filling: Filling;
  private readonly body: BodyTransform;
  private reading: BodyReading | null = null;
  private isHeld = true;
  private trailers: readonly FieldLine[] = [];

  constructor(filling: Filling, open: (sink: BodySink) => BodyTransform) {
    this.filling = filling;
    this.body = open({
      write: (bytes, from, to) => {
        if (!filling.write(bytes, from, to)) this.isHeld = true;
      },
      end: () => void filling.end(this.trailers),
      pause: () => void (this.isHeld = true),
      resume: () => this.resume(),
      fail: () => {
        this.reading?.cancel();
        filling.abort();
      },
    });
    filling.onDrain = () => this.resume();
  }

  /** Nothing is written before the next turn: who reads what is not kept has to be there first. */
  start(base: CopyBase): Filling | null {
    this.reading = base.read(this);
    if (this.reading === null) {
      this.failed();
      return null;
    }
    queueMicrotask(() => this.resume());
    return this.filling;
  }

  take(bytes: Uint8Array, from: number, to: number): boolean {
    this.body.write(bytes, from, to);
    return !this.isHeld;
  }

  end(trailers: readonly FieldLine[]): void {
    this.trailers = trailers;
    this.body.end();
  }

  failed(): void {
    this.body.abort();
    this.filling.abort();
  }

  private resume(): void {
    this.isHeld = false;
    this.reading?.resume();
  }
}
