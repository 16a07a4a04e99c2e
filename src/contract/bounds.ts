// What a route bounds, decided when its program is made and never per request. Types only.

/** In milliseconds. */
export interface Timeouts {
  /** Until a connection to a server stands, TLS included. */
  readonly connectMs: number;
  /** Until the head of a request has arrived. */
  readonly headersMs: number;
  /** From the end of a request to the head of its answer. */
  readonly responseMs: number;
  /** The longest silence within a body. */
  readonly readMs: number;
  /** The longest wait for a peer that takes nothing. */
  readonly writeMs: number;
  /** Between two requests of a connection. */
  readonly idleMs: number;
  /** The longest silence of connections that are joined. */
  readonly tunnelIdleMs: number;
  /** The whole exchange, all attempts included, unless its connections are joined; 0: without an end. */
  readonly totalMs: number;
}

/** In place of what holds for the door. */
export interface Bounds {
  /** The most that the body of a request may have. */
  readonly bodyBytes?: number;
  readonly timeouts?: Timeouts;
  /** A client that ends its half of the connection has left, and its answer is given up; else it is waited for with the answer. */
  readonly halfIsGone?: boolean;
  /** A bare 102 of the upstream only says to us that it is at work, and goes to nobody. */
  readonly hidesProgress?: boolean;
}
