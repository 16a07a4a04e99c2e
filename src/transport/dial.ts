// Opens connections: resolves the name, tries its addresses as RFC 8305 has it (the next one when the last one fails or
// is slow), and does the TLS handshake. Rule: exactly one of onConnected and onFailed is called, or neither after cancel().
import type { Buffer } from 'node:buffer';
import net from 'node:net';
import type tls from 'node:tls';
import { formatHostPort } from '../core/address.ts';
import { SluiceError, type ErrorCode } from '../core/errors.ts';
import type { DnsCache } from './dns-cache.ts';
import type { ResolvedAddress } from './resolver.ts';
import { Deadline, wheel } from './timers.ts';
import type { TlsClient } from './tls-client.ts';

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** A unix socket to connect to instead; host and port still name the server in messages and for TLS. */
  readonly path?: string;
  /** One of its addresses, to connect to and no other; the host still names it. */
  readonly address?: string;
}

export interface DialOptions {
  readonly dns: DnsCache;
  /** With it the connection is encrypted. */
  readonly tls?: TlsClient;
  /** For reaching an address, and for each other phase that has no limit of its own. */
  readonly connectTimeoutMs: number;
  readonly dnsTimeoutMs?: number;
  readonly tlsTimeoutMs?: number;
  /** A head of the PROXY protocol, sent before anything else, also before TLS. */
  readonly proxyHeader?: Buffer;
  /** Why an address that a name was resolved to must not be connected to; null: it may. When none may, the first reason is the failure. */
  readonly refusalOf?: (address: string) => SluiceError | null;
  /** The address of this machine to connect from. */
  readonly localAddress?: string;
}

/** How long each phase took, in milliseconds; 0 = there was no such phase. */
export interface DialTimings {
  readonly dnsMs: number;
  readonly connectMs: number;
  readonly tlsMs: number;
  /** Through the proxies on the way, where there are any. */
  readonly hopsMs?: number;
}

export interface DialHandler {
  /** The socket is established, paused and without listeners; it becomes a Connection, or what HTTP/2 makes of it. */
  onConnected(socket: net.Socket | tls.TLSSocket, timings: DialTimings): void;
  onFailed(error: SluiceError): void;
}

/** RFC 8305, section 5: how long an address may take before the next one is tried beside it. */
const ATTEMPT_DELAY_MS = 250;
/** More addresses than this are not tried. */
const MAX_ATTEMPTS = 6;
const KEEP_ALIVE_DELAY_MS = 60_000;

/** Begins at once; never calls the handler before it has returned. */
export function dial(target: DialTarget, options: DialOptions, handler: DialHandler): Dial {
  const started = new Dial(target, options, handler);
  process.nextTick(() => started.start());
  return started;
}

type Phase = 'dns' | 'connect' | 'tls' | 'done';

export class Dial {
  readonly #target: DialTarget;
  readonly #options: DialOptions;
  readonly #handler: DialHandler;
  readonly #deadline = new Deadline(() => this.#expire());
  readonly #nextAttempt = new Deadline(() => this.#tryNext());
  readonly #attempts = new Map<net.Socket, ResolvedAddress>();
  readonly #refusals: string[] = [];
  #addresses: readonly ResolvedAddress[] = [];
  #tried = 0;
  #phase: Phase = 'dns';
  #phaseStartedMs = 0;
  #dnsMs = 0;
  #connectMs = 0;
  #secure: tls.TLSSocket | null = null;

  constructor(target: DialTarget, options: DialOptions, handler: DialHandler) {
    this.#target = target;
    this.#options = options;
    this.#handler = handler;
  }

  /** Gives up; the handler hears nothing more. */
  cancel(): void {
    this.#finish();
    this.#secure?.destroy();
  }

  start(): void {
    if (this.#phase === 'done') return;
    const { host, path, address = host } = this.#target;
    const family = net.isIP(address);
    if (path !== undefined) this.#enterConnect([{ address: path, family: 4 }]);
    else if (family !== 0) this.#enterConnect([{ address, family: family === 6 ? 6 : 4 }]);
    else this.#resolve(host);
  }

  #resolve(host: string): void {
    this.#enter('dns', this.#options.dnsTimeoutMs);
    this.#options.dns.lookup(host, (error, addresses) => {
      if (this.#phase !== 'dns') return;
      this.#dnsMs = this.#elapsedMs();
      if (error === null) this.#permit(addresses);
      else this.#fail('upstream_dns_failed', `${host} could not be resolved: ${describe(error)}`, error);
    });
  }

  #permit(addresses: readonly ResolvedAddress[]): void {
    const { refusalOf } = this.#options;
    let refusal: SluiceError | null = null;
    const permitted = addresses.filter(({ address }) => {
      const reason = refusalOf?.(address) ?? null;
      refusal ??= reason;
      return reason === null;
    });
    if (permitted.length === 0 && refusal !== null) this.#failWith(refusal);
    else this.#enterConnect(interleave(permitted).slice(0, MAX_ATTEMPTS));
  }

  #enterConnect(addresses: readonly ResolvedAddress[]): void {
    this.#addresses = addresses;
    this.#enter('connect', this.#options.connectTimeoutMs);
    this.#tryNext();
  }

  #tryNext(): void {
    const address = this.#addresses[this.#tried];
    if (address === undefined || this.#phase !== 'connect') return;
    this.#tried += 1;
    try {
      this.#attempt(address);
    } catch (error) {
      // Node throws for what it can tell without asking the system, such as a local address of the wrong form.
      this.#refuse(address, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#tried < this.#addresses.length) wheel.arm(this.#nextAttempt, ATTEMPT_DELAY_MS);
  }

  #attempt(address: ResolvedAddress): void {
    const { localAddress } = this.#options;
    const where =
      this.#target.path === undefined
        ? { host: address.address, port: this.#target.port, ...(localAddress === undefined ? {} : { localAddress }) }
        : { path: this.#target.path };
    const socket = net.connect({
      ...where,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    });
    // Nothing is read before somebody listens: what the server says first belongs to whoever takes the socket over.
    socket.pause();
    this.#attempts.set(socket, address);
    socket.once('connect', () => this.#win(socket, address));
    socket.once('error', (error) => {
      this.#attempts.delete(socket);
      this.#refuse(address, error);
    });
  }

  #refuse(address: ResolvedAddress, error: Error): void {
    const spoken = this.#addresses.length > 1 ? `${address.address}: ${describe(error)}` : describe(error);
    this.#refusals.push(spoken);
    if (this.#tried < this.#addresses.length) {
      this.#tryNext();
    } else if (this.#attempts.size === 0) {
      this.#fail('upstream_unreachable', `${this.#name} could not be reached: ${this.#refusals.join('; ')}`, error);
    }
  }

  #win(socket: net.Socket, address: ResolvedAddress): void {
    this.#connectMs = this.#elapsedMs();
    this.#attempts.delete(socket);
    this.#dropAttempts();
    socket.removeAllListeners('error');
    if (this.#tried > 1) this.#options.dns.prefer(this.#target.host, address.address);
    if (this.#options.proxyHeader !== undefined) socket.write(this.#options.proxyHeader);
    if (this.#options.tls === undefined) this.#succeed(socket, 0);
    else this.#shakeHands(socket, this.#options.tls);
  }

  #shakeHands(socket: net.Socket, client: TlsClient): void {
    const { host, port } = this.#target;
    this.#enter('tls', this.#options.tlsTimeoutMs);
    const secure = client.connect(socket, host, port);
    this.#secure = secure;
    const onError = (error: Error): void => {
      client.forget(host, port);
      this.#fail('upstream_tls_failed', `the TLS handshake with ${this.#name} failed: ${describe(error)}`, error);
    };
    secure.once('error', onError);
    secure.once('secureConnect', () => {
      secure.removeListener('error', onError);
      secure.pause();
      this.#succeed(secure, this.#elapsedMs());
    });
  }

  #succeed(socket: net.Socket | tls.TLSSocket, tlsMs: number): void {
    this.#finish();
    this.#handler.onConnected(socket, { dnsMs: this.#dnsMs, connectMs: this.#connectMs, tlsMs });
  }

  #expire(): void {
    const seconds = `${this.#limitOf(this.#phase) / 1000} s`;
    if (this.#phase === 'dns') {
      this.#fail('upstream_dns_failed', `${this.#target.host} was not resolved within ${seconds}`);
    } else if (this.#phase === 'connect') {
      const others = this.#refusals.map((each) => `; ${each}`).join('');
      this.#fail('upstream_connect_timeout', `${this.#name} did not accept a connection within ${seconds}${others}`);
    } else {
      this.#fail('upstream_tls_failed', `${this.#name} did not complete the TLS handshake within ${seconds}`);
    }
  }

  #fail(code: ErrorCode, message: string, cause?: Error): void {
    this.#failWith(new SluiceError(code, { message, ...(cause === undefined ? {} : { cause }) }));
  }

  #failWith(error: SluiceError): void {
    if (this.#phase === 'done') return;
    this.#finish();
    this.#secure?.destroy();
    this.#handler.onFailed(error);
  }

  #finish(): void {
    this.#phase = 'done';
    wheel.release(this.#deadline);
    this.#dropAttempts();
  }

  #dropAttempts(): void {
    wheel.release(this.#nextAttempt);
    for (const socket of this.#attempts.keys()) {
      socket.removeAllListeners();
      // A dying attempt may still report an error that nobody waits for.
      socket.on('error', () => {});
      socket.destroy();
    }
    this.#attempts.clear();
  }

  #enter(phase: Phase, limitMs: number | undefined): void {
    this.#phase = phase;
    this.#phaseStartedMs = performance.now();
    wheel.arm(this.#deadline, limitMs ?? this.#options.connectTimeoutMs);
  }

  #limitOf(phase: Phase): number {
    const { connectTimeoutMs, dnsTimeoutMs, tlsTimeoutMs } = this.#options;
    if (phase === 'dns') return dnsTimeoutMs ?? connectTimeoutMs;
    return phase === 'tls' ? (tlsTimeoutMs ?? connectTimeoutMs) : connectTimeoutMs;
  }

  #elapsedMs(): number {
    return performance.now() - this.#phaseStartedMs;
  }

  get #name(): string {
    const { host, port, path, address } = this.#target;
    if (path !== undefined) return `unix:${path}`;
    return address === undefined ? formatHostPort(host, port) : `${formatHostPort(host, port)} (${address})`;
  }
}

/** The two families in turn, beginning with the family that the resolver prefers (RFC 8305, section 4). */
function interleave(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  const preferred = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const longest = Math.max(preferred.length, others.length);
  return Array.from({ length: longest }, (_, index) => [preferred[index], others[index]])
    .flat()
    .filter((each) => each !== undefined);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENETUNREACH: 'there is no route to the network',
  EHOSTUNREACH: 'there is no route to the host',
  ETIMEDOUT: 'the host does not answer',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the DNS server does not answer',
  EADDRNOTAVAIL: 'the local address cannot be used, or no local port is free',
  EMFILE: 'too many files are open',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not connect there',
};

/** One clause for a person. OpenSSL's errors carry a short reason beside a message full of numbers. */
function describe(error: NodeJS.ErrnoException & { readonly reason?: unknown }): string {
  const known = REASONS[error.code ?? ''];
  if (known !== undefined) return known;
  return typeof error.reason === 'string' && error.reason !== '' ? error.reason : error.message;
}
