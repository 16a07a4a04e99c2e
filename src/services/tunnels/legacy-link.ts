// What a client of the generation 2.x and its proxy sockets know of each other. Types only. Rule: the client hands out requests, a socket
// carries one at a time and says when it is free.
import type { LegacyStream } from './legacy-stream.ts';

/** What a proxy socket is told of the visitor's request. */
export interface ProxyStart {
  /** By which the client finds its tunnel. */
  readonly url: string;
  readonly clientAddress: string;
  readonly requestId: string;
  /** What the client puts before where its app sends visitors. */
  readonly base: string;
}

export interface LegacySocket {
  /** Only while it is free. */
  start(stream: LegacyStream, start: ProxyStart): void;
  close(code: number, reason: string): void;
}

export interface LegacyClient {
  readonly clientId: string;
  readonly account: string;
  /** For the tunnel of that name. */
  carried(name: string, direction: 'in' | 'out', bytes: number): void;
  /** It has come, and is free. */
  joined(socket: LegacySocket): void;
  isFree(socket: LegacySocket): void;
  lost(socket: LegacySocket): void;
}
