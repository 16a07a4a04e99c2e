// Encodes a body as it passes: a small one on the spot, others piece by piece on other threads. Rule: what has come waits no
// longer than a moment for more, and no more is held than one piece in work and about as much again.
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Encoder, EncodingStream } from './encoders.ts';
import { contentOf, givePiece, type Piece, PIECE_BYTES, takePiece } from './pieces.ts';

/** How long less than a piece waits for more. */
const MOMENT_MS = 20;

const NOTHING = Buffer.alloc(0);

export interface EncodedBodyOptions {
  readonly encoder: Encoder;
  /** Somebody waits for each part of it. */
  readonly isLive: boolean;
  /** Of the body; -1 when it does not say. */
  readonly bytes: number;
  /** Is told how many bytes have come in and gone out, whenever some have. */
  readonly count: (taken: number, given: number) => void;
}

export class EncodedBody implements BodyTransform {
  readonly #sink: BodySink;
  readonly #options: EncodedBodyOptions;
  #stream: EncodingStream | null = null;
  /** All but the last are full. */
  readonly #waiting: Piece[] = [];
  #inWork: Piece | null = null;
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
    this.#gather(bytes, from, to);
    if (!this.#isBusy) this.#goOn();
    if (this.#hasWholePiece) this.#sink.pause();
  }

  /** The bytes are somebody else's as soon as this returns. */
  #gather(bytes: Uint8Array, from: number, to: number): void {
    let piece = this.#waiting.at(-1);
    for (let at = from; at < to;) {
      if (piece === undefined || piece.length === PIECE_BYTES) {
        piece = takePiece();
        this.#waiting.push(piece);
      }
      const end = Math.min(to, at + PIECE_BYTES - piece.length);
      piece.bytes.set(bytes.subarray(at, end), piece.length);
      piece.length += end - at;
      at = end;
    }
  }

  end(): void {
    if (this.#isOver) return;
    this.#hasEnded = true;
    if (!this.#isBusy) this.#goOn();
  }

  abort(): void {
    // What is in work may still be read.
    this.#inWork = null;
    const stream = this.#stream;
    this.#close();
    stream?.destroy();
  }

  get #hasWholePiece(): boolean {
    return this.#waiting[0]?.length === PIECE_BYTES;
  }

  /** A small body that said how long it is: its end comes at once. */
  get #isWhole(): boolean {
    return this.#waiting[0]?.length === this.#options.bytes;
  }

  /** Nobody works for us: what is next? */
  #goOn(): void {
    const { length } = this.#waiting;
    if (this.#hasEnded && length <= 1) this.#finish();
    else if (this.#hasWholePiece || (length > 0 && this.#options.isLive)) this.#encode();
    else if (this.#isWhole) return;
    else if (length > 0 || this.#isKept) this.#timer ??= setTimeout(this.#momentPasses, MOMENT_MS);
  }

  #encode(): void {
    this.#isBusy = true;
    this.#isFlowing = true;
    this.#isKept = !this.#options.isLive;
    this.#openStream().write(this.#nextPiece(), this.#workDone);
  }

  readonly #workDone = (): void => {
    if (this.#isOver) return;
    this.#isBusy = false;
    this.#giveBack();
    this.#goOn();
    if (!this.#hasWholePiece) this.#sink.resume();
  };

  readonly #momentPasses = (): void => {
    this.#timer = null;
    if (this.#isBusy || this.#isFlowing) {
      this.#isFlowing = false;
      this.#timer = setTimeout(this.#momentPasses, MOMENT_MS);
    } else if (this.#waiting.length > 0 || this.#isKept) this.#flush();
  };

  #flush(): void {
    this.#isBusy = true;
    this.#isKept = false;
    const stream = this.#openStream();
    if (this.#waiting.length > 0) stream.write(this.#nextPiece());
    stream.flush(this.#options.encoder.flushKind, this.#workDone);
  }

  /** What waits now is all that is left, and less than two pieces. */
  #finish(): void {
    this.#stopTimer();
    const rest = this.#nextPiece();
    if (this.#stream === null && rest.length <= this.#options.encoder.onTheSpotBytes) {
      this.#encodeAll(rest);
      return;
    }
    this.#isBusy = true;
    this.#openStream().end(rest);
  }

  #encodeAll(all: Buffer): void {
    const { encoder, count } = this.#options;
    const encoded = encoder.encode(all);
    count(0, encoded.length);
    this.#close();
    this.#sink.write(encoded, 0, encoded.length);
    this.#sink.end();
  }

  /** Goes to work; empty when nothing waits. */
  #nextPiece(): Buffer {
    this.#inWork = this.#waiting.shift() ?? null;
    if (this.#inWork === null) return NOTHING;
    this.#options.count(this.#inWork.length, 0);
    return contentOf(this.#inWork);
  }

  #giveBack(): void {
    if (this.#inWork !== null) givePiece(this.#inWork);
    this.#inWork = null;
  }

  #openStream(): EncodingStream {
    const { encoder, isLive: isHasty, bytes } = this.#options;
    this.#stream ??= encoder
      .open({ isHasty, bytes })
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
    this.#inWork = null;
    this.#close();
    this.#sink.fail(new SluiceError('internal', { cause }));
  };

  #close(): void {
    this.#isOver = true;
    this.#stream = null;
    this.#stopTimer();
    this.#giveBack();
    for (const piece of this.#waiting.splice(0)) givePiece(piece);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
