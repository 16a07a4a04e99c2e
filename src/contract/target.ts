// Where an exchange goes. A forward target names an origin and the engine speaks HTTP with it; an answer target takes the
// whole exchange. Types only.
import type { Exchange } from './exchange.ts';

/** A server that speaks HTTP, as the engine needs to know it. Connections are pooled per origin object. */
export interface Origin {
  /** For logs and metrics: http://127.0.0.1:9000 */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** A unix socket; then host and port only name it. */
  readonly path: string | null;
  readonly tls: OriginTls | null;
  /** What to put into Host; null keeps the client's own. */
  readonly hostField: string | null;
  readonly protocol: 'http1' | 'http2';
  /** Put before the path of every request, without a slash at its end; usually empty. */
  readonly pathPrefix: string;
  readonly maxConnections: number;
  /** Connections begin with a head of the PROXY protocol of this version; each then carries the requests of one client only. */
  readonly proxyProtocol: 1 | 2 | null;
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
  readonly failed: boolean;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly durationMs: number;
}

export interface ForwardTarget {
  readonly kind: 'forward';
  select(exchange: Exchange): Origin | Promise<Origin>;
  /** Every attempt that select caused is reported once. */
  report?(attempt: Attempt): void;
  dispose?(): void;
}

export interface AnswerTarget {
  readonly kind: 'answer';
  /** Answers, fails or calls `produce`, now or later. */
  take(exchange: Exchange): void;
  dispose?(): void;
}

export type Target = ForwardTarget | AnswerTarget;
