import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { PassRoutes } from '../passthrough/pass-routes.ts';
import type { TcpVerdict } from './tcp-tunnel.ts';
import { TlsTunnels } from './tls-tunnels.ts';
import type { TunnelRegistry } from './tunnel-registry.ts';

test('a visitor goes to the tunnel of the name that is asked for, with what was read, or is cut', async (t) => {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const said: string[] = [];
  const stream = { send: (bytes: Buffer) => said.push(bytes.toString()), close() {}, reset() {}, resume() {} };
  const session = {
    tlsTunnels: new Map([['app', { proxyProtocol: 'v1', allow: null }]]),
    meter: null,
    version: 2,
    open: ({ tunnelId, mode }: { tunnelId: string; mode: string }) => {
      said.push(`${mode} ${tunnelId}`);
      return stream;
    },
  };
  const registry = {
    isOnline: (name: string) => name !== 'gone',
    find: (name: string) => ({ kind: name === 'gone' ? 'offline' : 'online', session }),
  };
  const verdicts: TcpVerdict[] = [];
  const tunnels = new TlsTunnels(registry as unknown as TunnelRegistry, {
    noted: (verdict) => void verdicts.push(verdict),
    counted: () => {},
  });
  const routes = new PassRoutes([{ hosts: ['*.t.test'], to: 'below', proxyProtocol: 'none', allow: [] }]);
  tunnels.configure({ routes, proxyProtocol: 'none', connections: 1, idleMs: 1_000 });
  for (const serverName of ['app.t.test', 'app.t.test', 'http.t.test', 'gone.t.test', 'other.test', null]) {
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => {});
    t.after(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    tunnels.take(socket, { serverName, first: Buffer.from('hello'), ends: null });
  }
  assert.deepEqual(verdicts, ['accepted', 'limit', 'busy', 'busy', 'busy', 'busy']);
  assert.deepEqual(said, ['tcp app', 'PROXY UNKNOWN\r\nhello']);
});
