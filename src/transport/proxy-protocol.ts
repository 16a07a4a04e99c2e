// Reads the PROXY protocol's head on accepted sockets, before anything else is read of them. Rule: only peers that the
// operator trusts are asked for one, and from them it must come: a head that is missing or broken ends the connection.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { parseProxyHeader, type ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { parseIp, rangesContain, type IpRange } from '../core/ip.ts';
import { Deadline, wheel } from './timers.ts';

export interface ProxyHeaderOptions {
  /** Peers that speak the protocol, and are believed. All others are taken for clients. */
  readonly trusted: readonly IpRange[];
  readonly timeoutMs: number;
  /**
   * Who the two ends really are (null: the socket's own addresses count), and what has been read beyond the head, which
   * is to be handled as the first bytes of the connection: TLS takes them after socket.unshift(). The socket is paused
   * and must be taken over before this returns, or what comes next is lost.
   */
  readonly onReady: (socket: net.Socket, ends: ProxiedEnds | null, rest: Buffer) => void;
  /** The connection has been closed; `reason` is one sentence. */
  readonly onFailure: (reason: string) => void;
}

const NO_BYTES = Buffer.alloc(0);

/** Takes an accepted socket that is paused. */
export function receiveProxyHeader(socket: net.Socket, options: ProxyHeaderOptions): void {
  const peer = parseIp(socket.remoteAddress ?? '');
  // A unix socket has no address; who may connect to it is decided by its permissions.
  const isTrusted = peer === undefined ? socket.remotePort === undefined : rangesContain(options.trusted, peer);
  if (isTrusted) new HeaderReader(socket, options).start();
  else options.onReady(socket, null, NO_BYTES);
}

/** Makes `remoteAddress` and its kin tell what the head said, for everybody who asks the socket from here on. */
export function assumeEnds(socket: net.Socket, ends: ProxiedEnds): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: ends.sourceAddress },
    remotePort: { value: ends.sourcePort },
    remoteFamily: { value: ends.sourceAddress.includes(':') ? 'IPv6' : 'IPv4' },
  });
}

class HeaderReader {
  readonly #socket: net.Socket;
  readonly #options: ProxyHeaderOptions;
  readonly #deadline = new Deadline(() => this.#fail('the PROXY head did not come in time'));
  #bytes: Buffer = NO_BYTES;

  constructor(socket: net.Socket, options: ProxyHeaderOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  start(): void {
    wheel.arm(this.#deadline, this.#options.timeoutMs);
    const socket = this.#socket;
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onEnd);
    socket.on('close', this.#onEnd);
  }

  readonly #onReadable = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const header = parseProxyHeader(this.#bytes);
    if (header === undefined) return;
    if ('invalid' in header) this.#fail(`the PROXY head is not valid: ${header.invalid}`);
    else this.#succeed(header.ends, this.#bytes.subarray(header.length));
  };

  readonly #onEnd = (): void => this.#fail('the connection ended before its PROXY head');

  #succeed(ends: ProxiedEnds | null, rest: Buffer): void {
    this.#letGo();
    this.#socket.pause();
    this.#options.onReady(this.#socket, ends, rest);
  }

  #fail(reason: string): void {
    this.#letGo();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
    this.#options.onFailure(reason);
  }

  #letGo(): void {
    wheel.release(this.#deadline);
    const socket = this.#socket;
    socket.removeListener('readable', this.#onReadable);
    socket.removeListener('end', this.#onEnd);
    socket.removeListener('error', this.#onEnd);
    socket.removeListener('close', this.#onEnd);
  }
}
