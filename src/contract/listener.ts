// Where bytes come in. Types only. Rule: once stopped a listener accepts nothing; what it has accepted lives on.
export interface Listener {
  /** As a URL, with the port that was really bound. */
  readonly url: string;
  /** Accepted and not closed yet. */
  readonly connections: number;
  /** Rejects with the system's error when the address cannot be bound. */
  start(): Promise<void>;
  stop(): void;
}
