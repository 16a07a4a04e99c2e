// The credentials of one connection to a proxy that speaks HTTP: what to put into Proxy-Authorization, and what to make of
// a 407. Types only. Rule: NTLM authenticates the connection, so an object of this kind never outlives its connection.

export interface HopAuth {
  /** The next step is only good on this very connection. */
  readonly isBound: boolean;
  /** The connection should go through the rounds before a request that has a body to lose. */
  readonly wantsRehearsal: boolean;
  /** The value of Proxy-Authorization for the next request on the connection; null: it needs none. */
  authorize(method: string, target: string): string | null;
  /** A 407 came, with these values of Proxy-Authenticate: whether the same request with the next `authorize` may fare better. */
  challenge(values: readonly string[]): boolean;
  /** A request with these credentials was let through. */
  accepted(): void;
}
