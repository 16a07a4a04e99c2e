// Where an exchange goes. A forward target names an origin and the engine speaks HTTP with it, or opens the connection that
// a client is joined with; an answer target takes the whole exchange. Types only.
import type { ErrorCode, SluiceError } from '../core/errors.ts';
import type { Connection } from '../transport/connection.ts';
import type { DialTimings } from '../transport/dial.ts';
import type { Exchange } from './exchange.ts';

/** A server that speaks HTTP, as the engine needs to know it. Connections are pooled per origin object. */
export interface Origin {
  /** For logs: http://127.0.0.1:9000 */
  readonly name: string;
  /** For metrics: one of few; the same as `name` unless clients choose whom to reach. */
  readonly label: string;
  readonly host: string;
  readonly port: number;
  /** A unix socket; then host and port only name it. */
  readonly path: string | null;
  /** Of the addresses of its host the one where it is; null or missing: whichever answers. */
  readonly address?: string | null;
  readonly tls: OriginTls | null;
  /** What to put into Host; null keeps the client's own. */
  readonly hostField: string | null;
  readonly protocol: 'http1' | 'http2';
  /** Put before the path of every request, without a slash at its end; usually empty. */
  readonly pathPrefix: string;
  readonly maxConnections: number;
  /** Connections begin with a head of the PROXY protocol of this version; each then carries the requests of one client only. */
  readonly proxyProtocol: 1 | 2 | null;
  /** Opens connections to it; null: straight over the network. */
  readonly dialler: OriginDialler | null;
  /** It is asked for whole URLs, as a proxy is; a server is asked for its own paths. */
  readonly isProxy: boolean;
  /** It learns nothing of the client and of us beside the request: no X-Forwarded-For, Via, X-Request-Id or traceparent of ours. */
  readonly isTransparent?: boolean;
}

/** Opens connections to an origin that is not reached straight over the network. */
export interface OriginDialler {
  /** `proxyHeader`: sent before anything else that is for the origin. */
  dial(events: OriginDialEvents, proxyHeader: Buffer | null): void;
}

/** Exactly one of the two is called, once, later than the call that began it. */
export interface OriginDialEvents {
  /** The connection is paused and nobody's. Requests on it may need credentials, which belong to it alone. */
  connected(connection: Connection, timings: DialTimings, auth?: ProxyAuth | null): void;
  failed(error: SluiceError): void;
}

/** The credentials for one connection to a proxy. */
export interface ProxyAuth {
  /** The value of Proxy-Authorization for the next request; null: it needs none. */
  authorize(method: string, target: string): string | null;
  /** A 407 came, with these values of Proxy-Authenticate: whether the same request, on this connection, may fare better. */
  challenge(values: readonly string[]): boolean;
  /** A request with these credentials was let through. */
  accepted(): void;
}

/** File names and their PEM text are kept together, so that a message can name the file. */
export interface PemFile {
  readonly name: string;
  readonly pem: string;
}

export interface OriginTls {
  /** Asked for and verified; null: the host of the origin. */
  readonly serverName: string | null;
  readonly ca: PemFile | null;
  readonly certificate: { readonly cert: PemFile; readonly key: PemFile } | null;
  readonly verify: boolean;
}

/** How an attempt on an origin ended, for whoever chooses among several. */
export interface Attempt {
  readonly origin: Origin;
  /** What stood in the exchange when the origin was chosen. */
  readonly ticket: number;
  /** Why it failed; null when it did not, or was given up for no fault of the origin. */
  readonly code: ErrorCode | null;
  /** Also of an answer that was let go for the sake of another attempt; 0 when there was none. */
  readonly status: number;
  /** Until the head of the answer came, or until it failed. */
  readonly durationMs: number;
}

/** Given up, it calls nobody any more. */
export interface Cancellable {
  cancel(): void;
}

/** Whoever waits for the connection that a client will be joined with. Exactly one of the two is called, once, later than the call that began it. */
export interface TunnelEvents {
  /** The connection is paused and nobody's; `first` is what it has said already. */
  connected(connection: Connection, first: Buffer): void;
  failed(error: SluiceError): void;
}

export interface ForwardTarget {
  readonly kind: 'forward';
  /** How many origins one request may be tried on, one after the other; 1 without it. */
  readonly maxAttempts?: number;
  /** Answers with these statuses are tried elsewhere while that is safe. */
  readonly retryStatuses?: readonly number[];
  /**
   * An answer with one of `retryStatuses` shows that nothing was done: any request may be sent again after it, whatever its method, and
   * so much of its body is kept for that until an answer goes to the client. A body that is longer is sent once.
   */
  readonly resendsBodies?: { readonly bytes: number };
  /** Asked before each `select`. True: it has taken the exchange, as an answer target does, and nobody is to be named. */
  answers?(exchange: Exchange): boolean;
  /** Asked again, with the origins that have failed, when the request may be tried elsewhere. Null: there is nobody else. */
  select(exchange: Exchange, tried: readonly Origin[]): Origin | null | Promise<Origin | null>;
  /** For a request that asks for a connection (CONNECT, SOCKS). Without it such requests are refused. */
  connect?(exchange: Exchange, events: TunnelEvents): Cancellable;
  /**
   * Whether another attempt may do better: asked before an answer with one of `retryStatuses`, which is the exchange's response
   * meanwhile, is let go for it. The answer is held as long as a promise takes. Without it there always is somebody else.
   */
  mayDoBetter?(exchange: Exchange, tried: readonly Origin[]): boolean | Promise<boolean>;
  /** Every origin that select named is reported once. */
  report?(attempt: Attempt): void;
  /** The exchange has ended while it waited for what `select` has promised: nobody will take it, or report it. */
  leave?(exchange: Exchange): void;
  dispose?(): void;
}

export interface AnswerTarget {
  readonly kind: 'answer';
  /** It tells a client that waits for it (`Expect: 100-continue`) by itself to send its body; else it is told as soon as somebody takes it. */
  readonly asksForBodies?: true;
  /** Answers, fails or calls `produce`, now or later. */
  take(exchange: Exchange): void;
  dispose?(): void;
}

export type Target = ForwardTarget | AnswerTarget;
