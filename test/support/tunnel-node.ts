// Nodes of the real program that share a Redis, each with TCP ports on an address of its own. Rule: whose token is whose is the same in every test.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import type { Redis } from './redis.ts';
import { type SluiceProcess, SluiceProcess as Started, startSluice } from './sluice-process.ts';

const ALICE = 'token-of-alice-123456';
export const BOB = 'token-of-bob-12345678';

export interface NodeWish {
  readonly redis: Redis;
  /** Where its TCP ports are open: on one machine nodes cannot share one. */
  readonly host?: string;
  readonly ports?: string | null;
  /** Of the door for other nodes, such as `tls: { … }`. */
  readonly node?: string;
  /** Of the tunnel server. */
  readonly server?: string;
  readonly workers?: number;
}

export function startNode(t: TestContext, wish: NodeWish): Promise<SluiceProcess> {
  const { redis, host = '127.0.0.1', ports = null, node = '', server = '', workers = 1 } = wish;
  const tcp = `tcp_ports: ${ports}, tcp: { listen: "${host}", connections: 200, connections_per_account: 400 }`;
  const config = `
process:
  state: "${redis.url}"
  data_dir: data
  workers: ${workers}
  node: { listen: "127.0.0.1:0", secret: secret-of-all-nodes, ${node} }
log: { format: json }
users:
  - { name: alice, token: ${ALICE}, may: [tunnels] }
  - { name: bob, token: ${BOB}, may: [tunnels] }
tunnels: { server: { enabled: true, listen: "127.0.0.1:0", domain: example.test, ${tcp}, ${server} } }
`;
  return startSluice(t, { files: { 'sluice.yaml': config } });
}

/** Our client, of alice. */
export function exposeWith(t: TestContext, server: string, args: readonly string[]): SluiceProcess {
  const env = { RETUNNEL_AUTH_TOKEN: ALICE };
  return new Started(t, { args: [...args, '--server', server.replace('http', 'ws')], env });
}

/** In front of the nodes: leads to whichever a test says. */
export async function nodeBalancer(t: TestContext): Promise<{ url: string; leadTo(address: string): void }> {
  let port = 0;
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect({ port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const url = `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return { url, leadTo: (address) => (port = Number(new URL(address).port)) };
}
