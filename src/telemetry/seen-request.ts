// A request that has gone through, as the person who runs Sluice may look at it afterwards. Types only. Rule: plain data, so that it can go
// from thread to thread; what a client has sent stands in it as it came and is redacted by whoever shows it.

/** In milliseconds, one after the other; their sum is at most the duration. Of the last attempt; 0 for what did not happen. */
export interface SeenPhases {
  /** From the head of the request until a server was chosen and asked: policies, attempts before, waiting for a free connection. */
  readonly queue: number;
  readonly dns: number;
  readonly connect: number;
  readonly tls: number;
  /** Through the proxies on the way. */
  readonly hops: number;
  /** From the request on the wire to the head of its answer. */
  readonly wait: number;
  /** From the head of the answer to its last byte. */
  readonly body: number;
}

export interface SeenRequest {
  readonly id: string;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly door: string;
  readonly route: string;
  readonly client: string;
  /** The listening address that it has come in by; empty where that makes no difference. */
  readonly entrance: string;
  /** By TLS. */
  readonly secure: boolean;
  /** The id of the request that was sent again; empty: a client has sent it. */
  readonly replayOf: string;
  readonly user: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly protocol: string;
  readonly status: number;
  /** An error code; empty if all went well. */
  readonly error: string;
  /** Who answered or was asked last, if somebody was. */
  readonly upstream: string;
  readonly exit: string;
  readonly session: string;
  readonly attempts: number;
  /** Those that were asked before and failed, in order. */
  readonly failed: readonly string[];
  /** The policy that answered in place of a server; empty: none did. */
  readonly answeredBy: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly phases: SeenPhases;
}
