// A client connection as the person who runs Sluice may see it: who has it, and what goes on there. Rule: plain data, made when
// somebody asks and at no other time.
import { formatHostPort } from '../core/address.ts';
import type { Connection } from '../transport/connection.ts';
import type { HttpExchange } from './exchange.ts';

export interface OpenConnection {
  readonly door: string;
  /** Address and port; empty for a unix socket. */
  readonly client: string;
  /** `tunnel`: bytes are passed on as they come. */
  readonly protocol: 'http1' | 'http2' | 'tunnel';
  readonly ageMs: number;
  /** From the client and to it; null where that is not known. */
  readonly bytesReceived: number | null;
  readonly bytesSent: number | null;
  /** What runs there; null between requests, and where several run at once. */
  readonly request: OpenRequest | null;
}

export interface OpenRequest {
  readonly id: string;
  readonly route: string;
  readonly method: string;
  /** As the client has named it. */
  readonly destination: string;
  /** Each of these is empty when there is none. */
  readonly user: string;
  readonly exit: string;
  readonly session: string;
  readonly ageMs: number;
}

export function openConnection(
  { remoteAddress, remotePort, bytesRead, bytesWritten }: Connection,
  exchange: HttpExchange,
  openedAtMs: number,
): OpenConnection {
  const isJoined = !exchange.over && exchange.isJoined;
  return {
    door: exchange.door,
    client: clientName(remoteAddress, remotePort),
    protocol: isJoined ? 'tunnel' : 'http1',
    ageMs: performance.now() - openedAtMs,
    bytesReceived: bytesRead,
    bytesSent: bytesWritten,
    request: exchange.over ? null : openRequest(exchange),
  };
}

export function clientName(address: string, port: number): string {
  return address === '' ? '' : formatHostPort(address, port);
}

function openRequest({ id, route, request, user, exit, session, startedAtMs }: HttpExchange): OpenRequest {
  const { method, authority } = request;
  return {
    id,
    route,
    method,
    destination: authority,
    user,
    exit,
    session,
    ageMs: performance.now() - startedAtMs,
  };
}
