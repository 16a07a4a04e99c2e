// What the access log wants to know of one exchange. The exchange itself answers, by fields and getters: no object per line.
// Rule: it is read within record() and not kept.

import type { ErrorCode } from '../core/errors.ts';

export interface AccessRecord {
  /** When the request began, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Until the last byte of the answer was handed over. */
  readonly durationMs: number;
  readonly clientAddress: string;
  readonly door: string;
  /** The name of the route; null or '' when none matched. The same goes for every text below that may be absent. */
  readonly route: string | null;
  readonly method: string;
  /** As the client named it, with its port if it gave one. */
  readonly host: string | null;
  readonly target: string;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  readonly status: number;
  /** Bytes of the bodies. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly requestId: string;
  readonly userAgent: string | null;
  readonly referer: string | null;
  /** Who the client has proved to be. */
  readonly user: string | null;
  /** Who answered; absent when Sluice answered by itself. */
  readonly upstream: string | null;
  /** From asking the upstream to the head of its answer; -1 when it did not answer. */
  readonly upstreamDurationMs: number;
  readonly errorCode: ErrorCode | null;
  readonly traceId: string | null;
}
