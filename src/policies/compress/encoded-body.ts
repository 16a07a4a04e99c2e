// Encodes a body as it passes: a small one on the spot, others piece by piece on other threads. Rule: what has come waits no
// longer than a moment for more, and no more is held than one piece in work and about as much again.
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Encoder, EncodingStream } from './encoders.ts';

/** What goes to another thread at once: as much as a socket gives in one read. */
const PIECE_BYTES = 64 * 1024;
/** How long less than that waits for more. */
const MOMENT_MS = 20;

export interface EncodedBodyOptions {
  readonly encoder: Encoder;
  /** Somebody waits for each part of it. */
  readonly isLive: boolean;
  /** Is told how many bytes have come in and gone out, whenever some have. */
  readonly count: (taken: number, given: number) => void;
}

export class EncodedBody implements BodyTransform {
  readonly #sink: BodySink;
  readonly #options: EncodedBodyOptions;
  #stream: EncodingStream | null = null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Another thread works for us. */
  #isBusy = false;
  /** Something is in the encoder that it may keep to itself. */
  #isKept = false;
  /** Whole pieces come, so that what is kept is pushed out by what follows. */
  #isFlowing = false;
  #hasEnded = false;
  #isOver = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(sink: BodySink, options: EncodedBodyOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.#isOver || to === from) return;
    // The bytes are somebody else's as soon as this returns.
    this.#waiting.push(Buffer.from(bytes.subarray(from, to)));
    this.#waitingBytes += to - from;
    if (!this.#isBusy) this.#goOn();
    if (this.#waitingBytes >= PIECE_BYTES) this.#sink.pause();
  }

  end(): void {
    if (this.#isOver) return;
    this.#hasEnded = true;
    if (!this.#isBusy) this.#goOn();
  }

  abort(): void {
    const stream = this.#stream;
    this.#close();
    this.#waiting = [];
    stream?.destroy();
  }

  /** Nobody works for us: what is next? */
  #goOn(): void {
    if (this.#hasEnded) this.#finish();
    else if (this.#waitingBytes >= PIECE_BYTES || (this.#waitingBytes > 0 && this.#options.isLive)) this.#encode();
    else if (this.#waitingBytes > 0 || this.#isKept) this.#timer ??= setTimeout(this.#momentPasses, MOMENT_MS);
  }

  #encode(): void {
    this.#isBusy = true;
    this.#isFlowing = true;
    this.#isKept = !this.#options.isLive;
    this.#openStream().write(this.#takeWaiting(), this.#workDone);
  }

  readonly #workDone = (): void => {
    if (this.#isOver) return;
    this.#isBusy = false;
    this.#goOn();
    if (this.#waitingBytes < PIECE_BYTES) this.#sink.resume();
  };

  readonly #momentPasses = (): void => {
    this.#timer = null;
    if (this.#isBusy || this.#isFlowing) {
      this.#isFlowing = false;
      this.#timer = setTimeout(this.#momentPasses, MOMENT_MS);
    } else if (this.#waitingBytes > 0 || this.#isKept) this.#flush();
  };

  #flush(): void {
    this.#isBusy = true;
    this.#isKept = false;
    const stream = this.#openStream();
    if (this.#waitingBytes > 0) stream.write(this.#takeWaiting());
    stream.flush(this.#options.encoder.flushKind, this.#workDone);
  }

  #finish(): void {
    const { encoder, count } = this.#options;
    const rest = this.#takeWaiting();
    this.#stopTimer();
    if (this.#stream !== null || rest.length > encoder.onTheSpotBytes) {
      this.#isBusy = true;
      this.#openStream().end(rest);
      return;
    }
    const encoded = encoder.encode(rest);
    count(0, encoded.length);
    this.#close();
    this.#sink.write(encoded, 0, encoded.length);
    this.#sink.end();
  }

  #takeWaiting(): Buffer {
    const [first] = this.#waiting;
    const all = first !== undefined && this.#waiting.length === 1 ? first : Buffer.concat(this.#waiting);
    this.#options.count(all.length, 0);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  #openStream(): EncodingStream {
    this.#stream ??= this.#options.encoder
      .open(this.#options.isLive)
      .on('data', this.#encoded)
      .on('end', this.#ended)
      .on('error', this.#failed);
    return this.#stream;
  }

  readonly #encoded = (bytes: Buffer): void => {
    if (this.#isOver) return;
    this.#options.count(0, bytes.length);
    this.#sink.write(bytes, 0, bytes.length);
  };

  readonly #ended = (): void => {
    if (this.#isOver) return;
    this.#close();
    this.#sink.end();
  };

  readonly #failed = (cause: Error): void => {
    if (this.#isOver) return;
    this.#close();
    this.#sink.fail(new SluiceError('internal', { cause }));
  };

  #close(): void {
    this.#isOver = true;
    this.#stream = null;
    this.#stopTimer();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
