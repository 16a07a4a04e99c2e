// What the runtime can open, drain and close: an address that listens, on whatever protocol.
// Rule: `address` tells the truth, that is the port that was really bound, once `start` has resolved.

export type DoorName = 'gateway' | 'egress' | 'tunnels' | 'nodes' | 'admin' | 'metrics' | 'handover';

export interface DoorStatus {
  readonly name: DoorName;
  /** As a URL, with the port that was bound: http://127.0.0.1:8080 */
  readonly address: string;
  readonly openConnections: number;
}

export interface Door {
  readonly name: DoorName;
  readonly address: string;
  /** Rejects with `listen_failed`, naming the config key, when the address cannot be bound. */
  start(): Promise<void>;
  /** Stops accepting and closes idle connections; resolves when the last busy one has ended. */
  drain(): Promise<void>;
  /** Cuts what is still open. */
  close(): Promise<void>;
  openConnections(): number;
}
