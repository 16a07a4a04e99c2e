// The file of what providers of AI were asked and have answered, one JSON in a line. Rule: only its owner can read it; what it cannot take in
// time is lost. Whoever writes has hidden what is secret.
import { Buffer } from 'node:buffer';
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { FileSink } from './file-sink.ts';
import type { LogSink } from './log-sink.ts';

const MODE = 0o600;
const FOLDER_MODE = 0o700;
/** A few of the longest lines. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;

export interface LoggedBody {
  /** Before it is decoded; absent: not all of it was seen. */
  readonly bytes?: number;
  /** As text, without its encoding. */
  readonly body?: string;
  /** As it came, where it is no text. */
  readonly base64?: string;
  /** Of what is in base64. */
  readonly encoding?: string;
  /** There is more of it than is written here. */
  readonly truncated?: true;
}

export interface BodyLine {
  readonly timestamp: string;
  readonly request_id: string;
  readonly provider: string;
  readonly user: string;
  readonly session: string;
  readonly model: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly duration_ms: number;
  /** What the cache of answers says, where there is one. */
  readonly cache?: string;
  readonly request?: LoggedBody;
  /** `complete` is false of an answer that was cut, by whomever. */
  readonly response?: LoggedBody & { readonly complete: boolean };
}

/** The line comes when its bodies are decoded. */
export type WriteBodies = (line: Promise<BodyLine>) => void;

export class BodyLog {
  readonly #sink: LogSink;
  readonly #coming = new Set<Promise<void>>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  /** Throws when the file cannot be opened. */
  static open(path: string): BodyLog {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const sink = new FileSink({ to: path, maxQueuedBytes: MAX_QUEUED_BYTES, mode: MODE });
    chmodSync(path, MODE);
    return new BodyLog(sink);
  }

  readonly write: WriteBodies = (line) => {
    // What cannot be written is one line less, and nobody's fault but ours.
    const coming = this.#take(line)
      .catch(() => {})
      .finally(() => this.#coming.delete(coming));
    this.#coming.add(coming);
  };

  async #take(line: Promise<BodyLine>): Promise<void> {
    this.#sink.write(Buffer.from(`${JSON.stringify(await line)}\n`), 1);
  }

  /** Resolves when what was written is in the file. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#coming);
    await this.#sink.close();
  }

  dispose(): void {
    void this.close();
  }
}
