import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../../test/support/free-ports.ts';
import { TcpTunnels, type TcpTunnelsSettings } from './tcp-tunnels.ts';
import type { TcpTunnel } from './tcp-tunnel.ts';
import type { TunnelLink } from './tunnel-link.ts';

const WISH = { port: null, proxyProtocol: null, allow: null };

class Stage {
  readonly told: string[] = [];
  readonly tunnels: TcpTunnels = new TcpTunnels({
    now: () => 5,
    noted: () => {},
    counted: () => {},
    changed: () => {},
  });

  configure(port: number, settings: Partial<TcpTunnelsSettings> = {}): void {
    const limits = {
      portsPerAccount: 2,
      holdMs: 100,
      connections: 2,
      connectionsPerAccount: 2,
      proxyProtocol: 'none',
    } as const;
    const where = { ports: { from: port, to: port }, address: '127.0.0.1', publicHost: 'a.test' };
    this.tunnels.configure({ ...limits, ...where, allow: [], idleMs: 1_000, ...settings });
  }

  client(account: string): TunnelLink {
    const client = {
      names: new Set<string>(),
      account,
      version: 2,
      isOpen: true,
      replaced: (name: string) => this.told.push(`${account} loses ${name}`),
      removed: (name: string) => this.told.push(`${account} is rid of ${name}`),
    };
    return client as unknown as TunnelLink;
  }

  async open(client: TunnelLink, port: number | null): Promise<string> {
    const opened = await this.tunnels.open({ ...WISH, port }, client);
    return 'refused' in opened ? opened.refused : opened.url;
  }
}

test('a newer client of the same account takes the port, and the older one is told', async () => {
  const [port = 0] = await freePorts(1);
  const stage = new Stage();
  stage.configure(port);
  const [older, newer] = [stage.client('alice'), stage.client('alice')];
  assert.equal(await stage.open(older, 0), `tcp://a.test:${port}`);
  assert.equal(await stage.open(newer, port), `tcp://a.test:${port}`);
  assert.equal(await stage.open(stage.client('bob'), port), 'SUBDOMAIN_UNAVAILABLE');
  assert.deepEqual(stage.told, [`alice loses tcp-${port}`]);
  assert.deepEqual([...newer.names], [`tcp-${port}`]);
  stage.tunnels.release(newer);
});

test('a tunnel ends where its port is none of the server any more, and keeps it for its account', async () => {
  const [port = 0, other = 0] = await freePorts(2);
  const stage = new Stage();
  stage.configure(port, { publicHost: '::1' });
  assert.equal(await stage.open(stage.client('alice'), null), `tcp://[::1]:${port}`);
  stage.configure(other);
  assert.deepEqual(stage.told, [`alice is rid of tcp-${port}`]);
  stage.configure(port);
  assert.equal(await stage.open(stage.client('bob'), port), 'SUBDOMAIN_UNAVAILABLE');
  assert.deepEqual([stage.tunnels.remove(`tcp-${port}`), stage.tunnels.remove('tcp-1')], [true, false]);
});

test('a client that goes while its port is being opened leaves none open', async () => {
  const [port = 0] = await freePorts(1);
  const stage = new Stage();
  stage.configure(port);
  const client = stage.client('alice');
  const opening = stage.open(client, null);
  (client as { isOpen: boolean }).isOpen = false;
  assert.equal(await opening, 'POOL_EXHAUSTED');
  assert.equal(stage.tunnels.reports()[0]?.tunnel, null);
});

test('a server that goes opens no more, and waits for visitors who are there', async () => {
  const [port = 0] = await freePorts(1);
  const stage = new Stage();
  stage.configure(port);
  const client = stage.client('alice');
  await stage.open(client, port);
  const visited = { client } as TcpTunnel;
  stage.tunnels.visited(visited, 1);
  let isEmpty = false;
  const empty = stage.tunnels.drain().then(() => (isEmpty = true));
  assert.equal(await stage.open(stage.client('alice'), port), 'SERVICE_UNAVAILABLE');
  assert.deepEqual([isEmpty, stage.tunnels.connections], [false, 1]);
  stage.tunnels.visited(visited, -1);
  await empty;
  await stage.tunnels.drain();
  stage.tunnels.release(client);
});
