// The client's side of TLS towards one group of servers: what to trust, what to show, and the sessions to resume.
// Rule: a server is verified, by its authority and by name, unless the operator has said in so many words not to.
import type { Buffer } from 'node:buffer';
import net from 'node:net';
import tls from 'node:tls';
import { createClientContext, type ClientTlsOptions } from './tls-context.ts';

export interface TlsClientOptions extends ClientTlsOptions {
  /** Asked for and verified instead of the host that is dialled. */
  readonly serverName?: string;
  /** What to speak inside, best first; nothing is negotiated without it. */
  readonly alpn?: readonly string[];
  /** False: any certificate will do. */
  readonly verify?: boolean;
  readonly maxSessions?: number;
}

export class TlsClient {
  readonly #options: TlsClientOptions;
  readonly #context: tls.SecureContext;
  readonly #alpn: string[] | undefined;
  readonly #maxSessions: number;
  /** By server name and port, in the order of last use. They belong to this client's identity and trust alone. */
  readonly #sessions = new Map<string, Buffer>();

  /** Throws a SluiceError that names what is wrong with which certificate. */
  constructor(options: TlsClientOptions = {}) {
    this.#options = options;
    this.#context = createClientContext(options);
    this.#alpn = options.alpn === undefined ? undefined : [...options.alpn];
    this.#maxSessions = options.maxSessions ?? 1000;
  }

  /** Begins the handshake on a connected socket. `host` and `port` say whom it was dialled for. */
  connect(socket: net.Socket, host: string, port: number): tls.TLSSocket {
    // What goes wrong below is told by the TLS socket; without a listener it would be thrown here as well.
    socket.on('error', ignore);
    const serverName = this.#options.serverName ?? host;
    const key = `${serverName} ${port}`;
    const session = this.#sessions.get(key);
    const secure = tls.connect({
      socket,
      secureContext: this.#context,
      // Verified against; there is no SNI for an IP address.
      host: serverName,
      servername: net.isIP(serverName) === 0 ? serverName : '',
      rejectUnauthorized: this.#options.verify !== false,
      ...(this.#alpn === undefined ? {} : { ALPNProtocols: this.#alpn }),
      ...(session === undefined ? {} : { session }),
    });
    secure.on('session', (fresh: Buffer) => this.#remember(key, fresh));
    return secure;
  }

  /** How many sessions could be resumed. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** After a handshake failed: the session it tried to resume may be why. */
  forget(host: string, port: number): void {
    this.#sessions.delete(`${this.#options.serverName ?? host} ${port}`);
  }

  #remember(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= this.#maxSessions) return;
    const oldest = this.#sessions.keys().next();
    if (oldest.done !== true) this.#sessions.delete(oldest.value);
  }
}

function ignore(): void {}
