// What visitors of tunnels have asked and were answered, for whoever wants to look into it or ask again. Rule: it is in memory alone, it
// holds no more requests, and of each no more bytes, than it may, and what it keeps is never changed.
import { Buffer } from 'node:buffer';
import { readAnswerHead } from '../../codec/tunnel/messages.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { ExposedTunnel, FieldPair } from './exposed-tunnel.ts';

export interface BookLimits {
  readonly requests: number;
  /** Of a body, each way. */
  readonly bodyBytes: number;
}

export interface KeptBody {
  readonly bytes: Buffer;
  /** Of all of it. */
  readonly length: number;
}

export interface BookEntry {
  readonly id: number;
  readonly atMs: number;
  readonly tunnel: ExposedTunnel;
  readonly open: StreamOpenMessage;
  /** Of which it is a repetition. */
  readonly replayOf: number | null;
  readonly request: KeptBody;
  readonly answer: KeptBody;
  /** 0: there is none yet. */
  readonly status: number;
  readonly answerHeaders: readonly FieldPair[];
  /** null: it still runs. */
  readonly durationMs: number | null;
}

/** Told of one request as it goes on; the bytes may be reused at once. */
export interface Capture {
  takeRequest(bytes: Buffer): void;
  /** In MessagePack, as it goes to the server. */
  head(bytes: Buffer): void;
  takeAnswer(bytes: Buffer, from: number, to: number): void;
  end(durationMs: number): void;
}

export class RequestBook {
  #limits: BookLimits;
  /** The oldest first. */
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  constructor(limits: BookLimits) {
    this.#limits = limits;
  }

  keep(limits: BookLimits): void {
    this.#limits = limits;
    this.#forget();
  }

  begin(open: StreamOpenMessage, tunnel: ExposedTunnel, replayOf: number | null = null): Capture {
    this.#lastId += 1;
    const entry = new Entry(this.#lastId, { open, tunnel, replayOf }, this.#limits.bodyBytes);
    this.#entries.set(entry.id, entry);
    this.#forget();
    return entry;
  }

  /** The latest first. */
  entries(): BookEntry[] {
    return [...this.#entries.values()].toReversed();
  }

  find(id: number): BookEntry | null {
    return this.#entries.get(id) ?? null;
  }

  clear(): void {
    this.#entries.clear();
  }

  get lastId(): number {
    return this.#lastId;
  }

  #forget(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.requests) return;
      this.#entries.delete(id);
    }
  }
}

class Entry implements BookEntry, Capture {
  readonly id: number;
  readonly atMs = Date.now();
  readonly tunnel: ExposedTunnel;
  readonly open: StreamOpenMessage;
  readonly replayOf: number | null;
  durationMs: number | null = null;
  readonly #request: Parts;
  readonly #answer: Parts;
  #head: Buffer | null = null;

  constructor(id: number, { open, tunnel, replayOf }: Pick<BookEntry, 'open' | 'tunnel' | 'replayOf'>, most: number) {
    this.id = id;
    this.open = open;
    this.tunnel = tunnel;
    this.replayOf = replayOf;
    // Messages of a WebSocket are no body.
    const mostBytes = open.mode === 'http' ? most : 0;
    this.#request = new Parts(mostBytes);
    this.#answer = new Parts(mostBytes);
  }

  get request(): KeptBody {
    return this.#request.body();
  }

  get answer(): KeptBody {
    return this.#answer.body();
  }

  get status(): number {
    return this.#head === null ? 0 : readAnswerHead(this.#head).status;
  }

  get answerHeaders(): readonly FieldPair[] {
    return this.#head === null ? [] : readAnswerHead(this.#head).headers;
  }

  // -- As it goes on -------------------------------------------------------------------------------------------------------

  takeRequest(bytes: Buffer): void {
    this.#request.add(bytes, 0, bytes.length);
  }

  head(bytes: Buffer): void {
    this.#head = Buffer.from(bytes);
  }

  takeAnswer(bytes: Buffer, from: number, to: number): void {
    this.#answer.add(bytes, from, to);
  }

  end(durationMs: number): void {
    this.durationMs = durationMs;
  }
}

/** The first bytes of a body. */
class Parts {
  readonly #most: number;
  #parts: Buffer[] = [];
  #kept = 0;
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: Buffer, from: number, to: number): void {
    this.#length += to - from;
    const end = Math.min(to, from + this.#most - this.#kept);
    if (end <= from) return;
    this.#parts.push(Buffer.from(bytes.subarray(from, end)));
    this.#kept += end - from;
  }

  body(): KeptBody {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return { bytes: this.#parts[0] ?? Buffer.alloc(0), length: this.#length };
  }
}
