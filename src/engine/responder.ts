// The client's side of an exchange, whichever HTTP version it speaks. Types only.
import type { Head } from '../codec/http1/head.ts';
import type { Connection } from '../transport/connection.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import type { ClientView, SwitchedConnection, SwitchedPeer } from '../contract/exchange.ts';
import type { ResponseState } from './response-state.ts';

export interface Responder extends ClientView {
  /** The listening address that the client has come in by; empty where that makes no difference. */
  readonly entrance: string;
  /** What the client speaks where that is not HTTP: `socks`. */
  readonly protocolName?: string;
  /** Of the request that is sent again; absent: a client has sent it. */
  readonly replayOf?: string;
  /** True while the client has more to read than it takes; onDrain of the exchange follows. */
  readonly congested: boolean;
  /** The two ends of the client's connection; null where they have no addresses. */
  readonly ends: ProxiedEnds | null;
  /** What an upstream is told about this client: X-Forwarded-For, X-Forwarded-Proto and Via, as lines ready to be copied. */
  readonly forwardedLines: Buffer;
  /** Sends the head that stands in exchange.response. */
  writeHead(): void;
  /** Passes on a 1xx answer, if this client understands them. */
  writeInterim(head: Head): void;
  writeBody(bytes: Buffer, from: number, to: number): void;
  /** The same of bytes that never change. */
  lendBody(bytes: Buffer, from: number, to: number): void;
  /** The producer waits for the client: it may do so only for so long. */
  awaitDrain(): void;
  writeEnd(trailers: Head | null): void;
  /** Cuts the answer so that the client cannot take it for complete. */
  abort(): void;
  pauseRequest(): void;
  resumeRequest(): void;
  /** The client asked to switch protocols and the upstream agreed: sends that head. */
  writeSwitch(head: Head): void;
  /** The same, where a target takes the connection over. */
  writeOwnSwitch(response: ResponseState, protocol: string): void;
  /** The client's connection is that of the peer as soon as what is being read of it has been read; null: it cannot be given. */
  giveOver(peer: SwitchedPeer): SwitchedConnection | null;
  /** Nothing of HTTP follows: the client's connection and this one are one from here on. */
  join(upstream: Connection, firstBytes: Buffer): void;
  /** Both sides are done with the exchange; the next one may begin. */
  exchangeOver(): void;
}
