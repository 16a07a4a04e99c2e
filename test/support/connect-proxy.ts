// A proxy that opens tunnels for whoever asks, and keeps what it was asked for. Rule: it ends with its test.
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface ConnectProxy {
  readonly url: string;
  readonly asked: readonly string[];
}

export async function connectProxy(t: TestContext): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = http.createServer();
  server.on('connect', ({ url = '' }: http.IncomingMessage, socket: net.Socket) => {
    asked.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const onward = net.connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const each of [socket, onward]) sockets.add(each.on('error', () => {}));
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
