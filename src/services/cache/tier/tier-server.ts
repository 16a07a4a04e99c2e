// The server that nodes share, as far as the cache needs it: a RedisConnection. Types only.

export interface TierServer {
  /** For one command. */
  timeoutMs: number;
  /** False: it is known that it would not answer. It comes back by itself. */
  readonly isUp: boolean;
  /** Rejects when it does not answer in time. */
  send(args: readonly string[]): Promise<unknown>;
  close(): void;
}
