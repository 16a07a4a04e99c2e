// The SOCKS handshake with one hop. Rule: what the protocol cannot carry is refused before a byte is sent.
import type { Buffer } from 'node:buffer';
import { Socks4Client, Socks5Client, type SocksClient } from '../../codec/socks/socks-client.ts';
import type { Connection } from '../../transport/connection.ts';
import type { Destination } from './chain-link.ts';
import { Handshake, type HandshakeEvents } from './handshake.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';
import { faultOfSocks } from './socks-answer.ts';

export interface SocksHandshakeInit {
  readonly connection: Connection;
  readonly events: HandshakeEvents;
  readonly endpoint: ProxyEndpoint;
  readonly target: Destination;
}

export class SocksHandshake extends Handshake {
  readonly #endpoint: ProxyEndpoint;
  readonly #target: Destination;
  #client: SocksClient | null = null;
  /** The last thing that we had to say is said. */
  #hasAsked = false;

  constructor(init: SocksHandshakeInit) {
    super(init.connection, init.events);
    this.#endpoint = init.endpoint;
    this.#target = init.target;
  }

  /** A server that has not even answered the greeting is itself to blame. */
  get waitsForNext(): boolean {
    return this.#hasAsked;
  }

  protected override begin(): void {
    try {
      this.#client = socksClient(this.#endpoint, this.#target);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const detail = `cannot be asked for this destination: ${error.message}`;
      this.refuse({ about: 'hop', code: 'hop_unsupported', blame: 'none', detail, status: 0, retryAfterMs: null });
      return;
    }
    this.#hasAsked = this.#client instanceof Socks4Client;
    this.#say(this.#client);
  }

  protected override receive(bytes: Buffer, from: number, to: number): void {
    const client = this.#client;
    if (client === null) return;
    const at = client.feed(bytes, from, to);
    if (client.result === null) this.#say(client);
    else if (client.result.kind === 'connected') this.through(bytes, at, to);
    else this.refuse(faultOfSocks(client.result, this.#endpoint.username !== null));
  }

  #say(client: SocksClient): void {
    const output = client.takeOutput();
    if (output === null) return;
    if (client instanceof Socks5Client) this.#hasAsked = client.hasAsked;
    this.send(output);
  }
}

function socksClient(endpoint: ProxyEndpoint, target: Destination): SocksClient {
  const { protocol, username, password, auth } = endpoint;
  if (protocol === 'socks4' || protocol === 'socks4a') return new Socks4Client(target, username ?? '');
  const login = username === null ? null : { username, password: password ?? '', isRequired: auth === 'basic' };
  return new Socks5Client(target, login);
}
