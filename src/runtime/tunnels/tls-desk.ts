// Where the threads pass on TLS that is for tunnels. Rule: they have said who comes; which tunnel is read from what the client says.
import { dirname, join } from 'node:path';
import type net from 'node:net';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import type { VisitorEnd } from '../../services/tunnels/link-stream.ts';
import type { VisitAnswer } from '../../services/tunnels/node-link.ts';
import { TlsTunnels, type TlsTunnelsEvents } from '../../services/tunnels/tls-tunnels.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { Acceptor } from '../../transport/accept.ts';
import { peekHello } from '../../transport/hello-peek.ts';
import { receiveProxyHeader } from '../../transport/proxy-protocol.ts';
import { passRoutes } from '../assemble/assemble-passthrough.ts';

/** The socket is beside the one for requests. */
export function tlsSocketBeside(tunnelSocket: string): string {
  return join(dirname(tunnelSocket), 'tls.sock');
}

/** null: there are no tunnels of TLS. */
export function tlsUrlOf({ gateway, tunnels: { server } }: Config, name: string): string | null {
  if (server.tls_domain === null) return null;
  const endpoint = gateway.listen.find(({ tls }) => tls !== null) ?? gateway.listen[0];
  const address = parseAddress(endpoint?.address ?? '', { host: '' });
  const port = address.kind === 'tcp' && address.port !== 0 ? address.port : HTTPS_PORT;
  return `tls://${name}.${server.tls_domain}:${port}`;
}

const HTTPS_PORT = 443;

export class TlsDesk {
  readonly #path: string;
  readonly #tunnels: TlsTunnels;
  #acceptor: Acceptor | null = null;
  #timeoutMs = 1;

  constructor(tunnelSocket: string, registry: TunnelRegistry, events: TlsTunnelsEvents) {
    this.#path = tlsSocketBeside(tunnelSocket);
    this.#tunnels = new TlsTunnels(registry, events);
  }

  /** The folder of the socket is there. */
  async configure(config: Config): Promise<void> {
    const { tcp } = config.tunnels.server;
    this.#timeoutMs = config.timeouts.headers;
    this.#tunnels.configure({
      routes: passRoutes(config),
      proxyProtocol: tcp.proxy_protocol,
      connections: tcp.connections,
      idleMs: config.timeouts.tunnel_idle,
    });
    if (this.#acceptor !== null) return;
    this.#acceptor = new Acceptor({ address: { path: this.#path }, onSocket: (socket) => this.#accepted(socket) });
    await this.#acceptor.listen();
  }

  /** Somebody whom another node brings. */
  bring(name: string, connection: VisitorEnd, ends: ProxiedEnds | null): VisitAnswer {
    return this.#tunnels.bring(name, connection, ends);
  }

  close(): void {
    this.#tunnels.configure(null);
    void this.#acceptor?.stop();
    this.#acceptor = null;
  }

  #accepted(socket: net.Socket): void {
    receiveProxyHeader(socket, {
      trusted: [],
      timeoutMs: this.#timeoutMs,
      onReady: (ready, ends, rest) => {
        peekHello(ready, rest, {
          timeoutMs: this.#timeoutMs,
          onReady: (serverName, first) => this.#tunnels.take(ready, { serverName, first, ends }),
          onFailure: () => {},
        });
      },
      onFailure: () => {},
    });
  }
}
