// A worker's way to the log: its lines travel to the main thread, which alone writes. Rule: a line arrives whole or not at all.

import type { LogSink } from './log-sink.ts';

/** What this needs of a MessagePort. */
export interface LinePort {
  postMessage(message: LogLines, transfer: ArrayBuffer[]): void;
}

/** Lines on their way from a worker. */
export interface LogLines {
  readonly kind: 'log-lines';
  readonly lines: Uint8Array;
  readonly count: number;
}

/** The main thread's side gives what arrives to its own sink, which drops and counts when it is full. */
export class PortSink implements LogSink {
  readonly #port: LinePort;
  readonly dropped: number = 0;

  constructor(port: LinePort) {
    this.#port = port;
  }

  write(lines: Uint8Array, count: number): boolean {
    const own = lines.buffer instanceof ArrayBuffer && lines.byteLength === lines.buffer.byteLength;
    const whole = own ? lines : Uint8Array.from(lines);
    this.#port.postMessage({ kind: 'log-lines', lines: whole, count }, [whole.buffer as ArrayBuffer]);
    return true;
  }

  /** A message once posted is on its way. */
  flushSync(): void {}

  drained(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
