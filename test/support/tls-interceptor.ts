// A proxy that answers for hosts that a program would find in the Internet: it speaks TLS in their names and passes what comes on to a
// stand-in. Rule: nothing leaves this machine. A host that it does not stand for is refused, and remembered.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { TestContext } from 'node:test';
import { CertificateAuthority } from './certificate-authority.ts';

/** Host by host, the address of the stand-in. */
export type StandIns = Readonly<Record<string, string>>;

export interface Interceptor {
  readonly url: string;
  /** What a program has to trust. */
  readonly caFile: string;
  /** Hosts that were asked for. */
  readonly asked: string[];
}

/** `folder` is for its certificates. */
export async function intercept(t: TestContext, folder: string, standIns: StandIns): Promise<Interceptor> {
  const authority = new CertificateAuthority(folder);
  const { cert, key } = authority.issue('hosts', ...Object.keys(standIns).map((host) => `DNS:${host}`));
  const secureContext = tls.createSecureContext({ cert, key });
  const asked: string[] = [];
  const open = new Set<Duplex>();
  const server = http.createServer((_, response) => response.writeHead(403).end());
  server.on('connect', ({ url = '' }: http.IncomingMessage, socket: Duplex) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    const [host = ''] = url.split(':');
    asked.push(host);
    const standIn = standIns[host];
    if (standIn === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    join(new tls.TLSSocket(socket, { isServer: true, secureContext }), new URL(standIn));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, caFile: authority.certificate.certFile, asked };
}

function join(client: tls.TLSSocket, { hostname, port }: URL): void {
  const server = net.connect(Number(port), hostname);
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  client.pipe(server).pipe(client);
}
