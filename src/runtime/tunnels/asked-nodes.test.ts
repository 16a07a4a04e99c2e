import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { before, test, type TestContext } from 'node:test';
import { NodeLink } from '../../services/tunnels/node-link.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { AskedNodes } from './asked-nodes.ts';
import type { TunnelReport } from './tunnel-desk.ts';

before(async () => void (await proveRawIo()));

const CLIENT = { address: '192.0.2.1' } as NonNullable<TunnelReport['client']>;

function report(name: string, client: TunnelReport['client'] = CLIENT): TunnelReport {
  const use = { streams: 0, bytesIn: 0, bytesOut: 0, reconnects: 0 };
  return { name, node: null, url: '', account: 'a', sinceMs: 0, use, clients: 1, client, tcp: null };
}

/** Asks a node that has these. */
async function stage(t: TestContext, reports: TunnelReport[]): Promise<AskedNodes> {
  const desk = { reports: () => reports, remove: (name: string) => reports.some((each) => each.name === name) };
  const nobody = { reports: () => [], remove: () => false };
  const asked = new AskedNodes({ desk, open: () => {} });
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const answering = new NodeLink(new Connection(socket, NOBODY), {
      visited: (line, asker) => asked.answer(line, asker) ?? 'refused',
      closed: () => {},
    });
    answering.begin(Buffer.alloc(0));
    t.after(() => socket.destroy());
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect({ port: (server.address() as net.AddressInfo).port, allowHalfOpen: true });
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  socket.pause();
  const link = new NodeLink(new Connection(socket, NOBODY), { visited: () => 'refused', closed: () => {} });
  link.begin(Buffer.alloc(0));
  return new AskedNodes({
    desk: nobody,
    open: (address, line, events) => {
      if (address === 'gone') events.failed('gone');
      else link.open(line, events);
    },
  });
}

test('tunnels of other nodes are listed with their node, and a name that waits is not, where its client is elsewhere', async (t) => {
  const many = Array.from({ length: 20_000 }, (_, at) => report(`app${at}`));
  const asking = await stage(t, [...many, report('away', null)]);
  const own = [report('app0', null), { ...report('here'), node: 'at me' }];
  const { reports, missing } = await asking.list(own, ['at other', 'gone']);
  assert.deepEqual([reports.length, missing], [20_002, ['gone']]);
  const nodes = ['here', 'app0', 'away'].map((name) => reports.find((each) => each.name === name)?.node);
  assert.deepEqual(nodes, ['at me', 'at other', 'at other']);
});

test('a tunnel is ended on the node that has it', async (t) => {
  const asking = await stage(t, [report('app')]);
  assert.equal(await asking.remove('app', ['at other', 'gone']), true);
  assert.equal(await asking.remove('none', ['at other']), false);
  assert.equal(await asking.remove('app', []), false);
});
