import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { makeCertificate } from '../../../test/support/pki.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { greetNode, type HandshakeEvents, receiveNode } from './node-handshake.ts';

interface Pair {
  readonly calling: net.Socket;
  readonly called: net.Socket;
}

async function pair(t: TestContext): Promise<Pair> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await once(server, 'listening');
  const calling = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [called] = (await once(server, 'connection')) as [net.Socket];
  for (const socket of [calling, called]) t.after(() => socket.destroy());
  calling.pause();
  return { calling, called };
}

/** How it ends for one side: what came behind, or why there is nothing. */
function end(begin: (events: HandshakeEvents) => void): Promise<string> {
  return new Promise((resolve) => {
    begin({ agreed: (_connection, rest) => resolve(`agreed ${rest.toString()}`), failed: resolve });
  });
}

function shake({ calling, called }: Pair, ours: string, theirs = ours): Promise<string[]> {
  const [caller, callee] = [new Connection(calling, NOBODY), new Connection(called, NOBODY)];
  return Promise.all([
    end((events) => greetNode(caller, ours, events)),
    end((events) => receiveNode(callee, theirs, events)),
  ]);
}

async function secure(t: TestContext, { calling, called }: Pair): Promise<Pair> {
  const files = makeCertificate(temporaryFolder(t), 'node.test');
  const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
  const server = new tls.TLSSocket(called, { isServer: true, cert, key });
  const client = tls.connect({ socket: calling, rejectUnauthorized: false });
  await Promise.all([once(server, 'secure'), once(client, 'secureConnect')]);
  for (const socket of [server, client]) socket.pause();
  return { calling: client, called: server };
}

test('two nodes with one secret agree, in the clear and within TLS', async (t) => {
  assert.deepEqual(await shake(await pair(t), 'one'), ['agreed ', 'agreed ']);
  assert.deepEqual(await shake(await secure(t, await pair(t)), 'one'), ['agreed ', 'agreed ']);
});

test('another secret is told by the caller, who proves nothing then', async (t) => {
  const [caller, called] = await shake(await pair(t), 'one', 'two');
  assert.match(caller ?? '', /same process\.node\.secret/);
  assert.match(called ?? '', /closed/);
});

test('somebody between two nodes who ends TLS on both sides cannot pass on what they prove', async (t) => {
  const [left, right] = [await secure(t, await pair(t)), await secure(t, await pair(t))];
  left.called.pipe(right.calling).pipe(left.called);
  const ends = await shake({ calling: left.calling, called: right.called }, 'one');
  assert.match(ends[0] ?? '', /same process\.node\.secret/);
});

test('who does not speak so is let go, and who has seen a proof cannot use it again', async (t) => {
  const { calling, called } = await pair(t);
  calling.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(await end((events) => receiveNode(new Connection(called, NOBODY), 'one', events)), /does not speak/);
  const other = await pair(t);
  const ended = end((events) => receiveNode(new Connection(other.called, NOBODY), 'one', events));
  other.calling.write(`sluice-node 1 ${'0'.repeat(32)}\n${'0'.repeat(64)}\n`);
  assert.match(await ended, /same process\.node\.secret/);
});
