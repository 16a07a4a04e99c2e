// Writes log lines to a file or to standard output, in the order in which they came and off the event loop.
// Rule: a write that fails is taken up again where it stopped, so no line is ever cut; what the bounded queue cannot take is lost.

import { closeSync, openSync, writeSync, writev } from 'node:fs';
import { SluiceError } from '../core/errors.ts';
import type { LogSink } from './log-sink.ts';

const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** Buffers per system call. */
const MAX_BATCH = 64;
/** After a failed write: the first pause, doubled up to the longest. A pipe that is full for a moment fails as well. */
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 256;
/** How long drained() waits for a destination that takes nothing. */
const MAX_DRAIN_MS = 2000;
/** At the end of the process: how often a destination that stays full is asked again, and the pause before. */
const EXIT_ATTEMPTS = 200;
const EXIT_PAUSE_MS = 5;
const FILE_MODE = 0o640;
const NEWLINE = 10;

export interface FileSinkOptions {
  /** A file, appended to; or an open descriptor (1 and 2 are standard output and error). */
  readonly to: string | number;
  readonly maxQueuedBytes?: number;
  /** Of a file that is made. */
  readonly mode?: number;
}

export class FileSink implements LogSink {
  readonly #path: string | null;
  readonly #maxQueuedBytes: number;
  readonly #mode: number;
  #fd: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  /** How many of the queue's first buffers are being written; those stay where they are until that is over. */
  #inFlight = 0;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  /** Nobody reads any more: everything is lost from here on. */
  #broken = false;
  /** What replaces the descriptor when the write in flight is over. */
  #nextFd: number | null = null;
  #drainWaiters: (() => void)[] = [];
  readonly #onExit = (): void => this.flushSync();

  constructor({ to, maxQueuedBytes = MAX_QUEUED_BYTES, mode = FILE_MODE }: FileSinkOptions) {
    this.#path = typeof to === 'string' ? to : null;
    this.#fd = typeof to === 'string' ? openLog(to, mode) : to;
    this.#mode = mode;
    this.#maxQueuedBytes = maxQueuedBytes;
    process.once('exit', this.#onExit);
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(lines: Uint8Array, count: number): boolean {
    if (this.#broken || this.#queuedBytes + lines.length > this.#maxQueuedBytes) {
      this.#dropped += count;
      return false;
    }
    this.#queue.push(lines);
    this.#queuedBytes += lines.length;
    if (this.#inFlight === 0 && this.#retry === null) this.#writeNext();
    return true;
  }

  flushSync(): void {
    let attemptsLeft = EXIT_ATTEMPTS;
    while (this.#queue.length > this.#inFlight && !this.#broken) {
      const bytes = this.#queue[this.#inFlight] ?? new Uint8Array(0);
      try {
        this.#consume(writeSync(this.#fd, bytes), this.#inFlight);
        attemptsLeft = EXIT_ATTEMPTS;
      } catch (error) {
        attemptsLeft -= 1;
        if (isBroken(error)) this.#giveUp();
        else if (attemptsLeft === 0) return;
        else pause(EXIT_PAUSE_MS);
      }
    }
  }

  async drained(): Promise<void> {
    if (this.#queue.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, MAX_DRAIN_MS);
    this.#drainWaiters.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  reopen(): void {
    if (this.#path === null) return;
    const fd = openLog(this.#path, this.#mode);
    if (this.#nextFd !== null) closeSync(this.#nextFd);
    this.#nextFd = fd;
    if (this.#inFlight === 0) this.#swap();
  }

  async close(): Promise<void> {
    await this.drained();
    if (this.#inFlight === 0) this.flushSync();
    this.#giveUp();
    process.off('exit', this.#onExit);
    if (this.#path !== null && this.#inFlight === 0) closeSync(this.#fd);
  }

  #writeNext(): void {
    if (this.#queue.length === 0 || this.#broken) {
      this.#wakeDrainWaiters();
      return;
    }
    const batch = this.#queue.slice(0, MAX_BATCH);
    this.#inFlight = batch.length;
    writev(this.#fd, batch, null, (error, written) => {
      this.#inFlight = 0;
      this.#swap();
      if (this.#broken) return;
      if (error === null) {
        this.#retryMs = FIRST_RETRY_MS;
        this.#consume(written, 0);
        this.#writeNext();
      } else if (isBroken(error)) this.#giveUp();
      else this.#retryLater();
    });
  }

  /** Takes `written` bytes off the queue, beginning with the buffer at `from`. */
  #consume(written: number, from: number): void {
    this.#queuedBytes -= written;
    let left = written;
    let end = from;
    for (let bytes = this.#queue[end]; bytes !== undefined && bytes.length <= left; bytes = this.#queue[end]) {
      left -= bytes.length;
      end += 1;
    }
    const torn = this.#queue[end];
    if (left > 0 && torn !== undefined) this.#queue[end] = torn.subarray(left);
    this.#queue.splice(from, end - from);
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (this.#inFlight === 0) this.#writeNext();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #giveUp(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#broken = true;
    this.#dropped += this.#queue.reduce((sum, bytes) => sum + countLines(bytes), 0);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wakeDrainWaiters();
  }

  #swap(): void {
    if (this.#nextFd === null) return;
    closeSync(this.#fd);
    this.#fd = this.#nextFd;
    this.#nextFd = null;
  }

  #wakeDrainWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }
}

function openLog(path: string, mode: number): number {
  try {
    return openSync(path, 'a', mode);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw new SluiceError('config_invalid', { message: `The log file ${path} cannot be opened: ${reason}.`, cause });
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EBADF');
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** Sleeps without the event loop, which no longer runs when this is needed. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
