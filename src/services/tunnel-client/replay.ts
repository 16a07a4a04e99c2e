// A request of the book asked again at the local server, by nobody but its owner. Rule: it is the very request, byte for byte, or it is
// not asked.
import type { Buffer } from 'node:buffer';
import type { LocalLines } from './local-lines.ts';
import { LocalHttp } from './local-http.ts';
import type { BookEntry, Capture, RequestBook } from './request-book.ts';
import type { SentBytes, StreamPort } from './stream-port.ts';

/** An answer without an end is cut then. */
const LONGEST_MS = 30_000;

/** Why it cannot be asked again; null: it can. */
export function hindrance({ open, request, durationMs }: BookEntry): string | null {
  if (open.mode !== 'http') return 'it was a WebSocket, which cannot be asked again';
  if (request.bytes.length < request.length) return 'its body is longer than what is kept of bodies';
  if (open.hasBody && durationMs === null) return 'its body is still on its way';
  return null;
}

export interface ReplayParts {
  readonly book: RequestBook;
  readonly lines: LocalLines;
}

/** Resolves with the new entry when it has been answered. */
export function replay(entry: BookEntry, { book, lines }: ReplayParts): Promise<BookEntry> {
  const { open, tunnel, request } = entry;
  const capture = book.begin(open, tunnel, entry.id);
  const id = book.lastId;
  const { promise, resolve } = Promise.withResolvers<void>();
  const port = new ReplayPort(capture, resolve);
  const end = new LocalHttp({ open, tunnel, lines }, port);
  end.start();
  if (open.hasBody) {
    capture.takeRequest(request.bytes);
    end.take({ type: 'StreamData', streamId: open.streamId, data: request.bytes, wsType: null, fin: true });
  }
  const repeated = book.find(id) ?? entry;
  const timer = setTimeout(() => {
    end.lost();
    port.close();
  }, LONGEST_MS);
  return promise.then(() => {
    clearTimeout(timer);
    return repeated;
  });
}

/** Nobody reads the answer but the book. */
class ReplayPort implements StreamPort {
  /** A body ends with its last part, and nothing is said of trailers. */
  readonly version = 2;
  readonly #capture: Capture;
  readonly #done: () => void;
  readonly #startedAtMs = performance.now();

  constructor(capture: Capture, done: () => void) {
    this.#capture = capture;
    this.#done = done;
  }

  sendHead(bytes: Buffer): void {
    this.#capture.head(bytes);
  }

  sendData(bytes: Buffer, { from, to }: SentBytes): boolean {
    this.#capture.takeAnswer(bytes, from, to);
    return true;
  }

  close(): void {
    this.#capture.end(performance.now() - this.#startedAtMs);
    this.#done();
  }

  reset(): void {
    this.close();
  }

  endHalf(): void {}

  kept(): void {}

  taken(): void {}

  held(): void {}

  freed(): void {}

  answered(): void {}
}
