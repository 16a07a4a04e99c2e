// TLS inside a connection that exists already: with an HTTPS proxy behind other proxies, or with an origin behind them.
// Rule: the connection that is handed in is gone from then on, whatever comes of it.
import type tls from 'node:tls';
import { Connection, NOBODY } from '../../transport/connection.ts';
import type { TlsClient } from '../../transport/tls-client.ts';
import type { Destination } from './chain-link.ts';

/** Exactly one of them is called, once and later, or none after cancel(). */
export interface TlsHandshakeEvents {
  onSecure(connection: Connection): void;
  /** `detail` ends a sentence. */
  onFailed(detail: string, error: Error): void;
}

/** Begins at once. `peer` says whom the connection leads to: asked for, and verified. */
export function secure(
  connection: Connection,
  client: TlsClient,
  peer: Destination,
  events: TlsHandshakeEvents,
): TlsHandshake {
  return new TlsHandshake(connection, client, peer, events);
}

export class TlsHandshake {
  readonly #secure: tls.TLSSocket;
  readonly #events: TlsHandshakeEvents;

  constructor(connection: Connection, client: TlsClient, peer: Destination, events: TlsHandshakeEvents) {
    this.#events = events;
    connection.pause();
    this.#secure = client.connect(connection.release(), peer.host, peer.port);
    this.#secure.once('error', (error) => {
      client.forget(peer.host, peer.port);
      this.#fail(error);
    });
    this.#secure.once('secureConnect', () => this.#succeed());
  }

  /** Gives up, and ends the connection. */
  cancel(): void {
    this.#secure.removeAllListeners('secureConnect');
    this.#secure.removeAllListeners('error');
    this.#secure.on('error', () => {});
    this.#secure.destroy();
  }

  #succeed(): void {
    this.#secure.removeAllListeners('error');
    this.#secure.pause();
    this.#events.onSecure(new Connection(this.#secure, NOBODY));
  }

  #fail(error: Error & { readonly reason?: unknown }): void {
    this.cancel();
    const { reason } = error;
    this.#events.onFailed(typeof reason === 'string' && reason !== '' ? reason : error.message, error);
  }
}
