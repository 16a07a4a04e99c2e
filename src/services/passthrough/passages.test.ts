import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { TcpVisit } from '../../../test/support/tcp-visits.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { type PassOutcome, Passages } from './passages.ts';

async function listening(t: TestContext, server: net.Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('what was read goes on first, then everything both ways, until it is closed', async (t) => {
  const behind = await listening(
    t,
    net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => socket.write(`heard ${bytes.toString()};`));
    }),
  );
  const front = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  const port = await listening(t, front);
  const noted: PassOutcome[] = [];
  const open: number[] = [];
  const passages = new Passages(
    { dns: new DnsCache(), connectMs: 5_000, idleMs: 5_000, tunnelSocket: '' },
    { noted: (outcome) => void noted.push(outcome), changed: (count) => void open.push(count) },
  );
  await passages.untilEmpty();
  const visit = TcpVisit.begin(t, port);
  const [socket] = (await once(front, 'connection')) as [net.Socket];
  const to = { kind: 'address', host: '127.0.0.1', port: behind, path: null } as const;
  passages.begin({ to, proxyProtocol: 'none', allow: null }, socket, Buffer.from('first'), null);
  await visit.until('heard first;');
  visit.socket.write('second');
  await visit.until('heard second;');
  const empty = passages.untilEmpty();
  passages.close();
  await Promise.all([empty, visit.end()]);
  assert.deepEqual([noted, open], [['passed'], [1, 0]]);
});
