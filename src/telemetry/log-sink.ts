// Where the lines of the logs go. Rule: whole lines in, nothing waits: what a slow destination cannot take is lost and counted.

export interface LogSink {
  /** Takes `count` whole lines, and the bytes with them: the caller doesn't touch them again. False: they are lost. */
  write(lines: Uint8Array, count: number): boolean;
  /** Writes before it returns what has not been written yet: for the last moments of a process. */
  flushSync(): void;
  /** Resolves when everything taken so far is written, or will never be. */
  drained(): Promise<void>;
  /** Opens the destination anew, after log rotation has moved a file away. When that fails it throws, and the old one stays in use. */
  reopen(): void;
  /** Writes what is left and lets go of the destination. */
  close(): Promise<void>;
  /** How many lines were lost. */
  readonly dropped: number;
}
