import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { SluiceError } from '../../core/errors.ts';
import { askNode, callNode, type NodeCall, type NodeWay, viewerOfText, viewerText } from './node-call.ts';

const CALL: NodeCall = { method: 'GET', target: '/agent', viewer: 'Élise b', headMs: 5_000 };

/** A node that says that to whatever it is asked. */
async function node(t: TestContext, ...answers: readonly string[]): Promise<{ way: NodeWay; heard: () => string }> {
  let heard = '';
  let count = 0;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
      socket.end(answers[Math.min(count, answers.length - 1)] ?? '');
      count += 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const dial: NodeWay['dial'] = (events) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('error', () => events.failed(new SluiceError('upstream_unreachable')));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      events.connected(new Connection(socket, NOBODY), { dnsMs: 0, connectMs: 0, tlsMs: 0 });
    });
  };
  return { way: { id: 'a', name: 'one', dial }, heard: () => heard };
}

function said(status: string, body: string, ...fields: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');
}

describe('a question to another node', { timeout: 20_000 }, () => {
  test('says whose it is, and is answered', async (t) => {
    const { way, heard } = await node(t, said('200 OK', '{"a":1}'));
    assert.deepEqual(await askNode(way, { ...CALL, method: 'POST', body: '{}' }), { status: 200, text: '{"a":1}' });
    assert.match(
      heard(),
      /^POST \/agent HTTP\/1\.1\r\n[^]*sluice-tunnel: @agents\r\nsluice-node: a\r\nsluice-node-viewer: user %C3%89lise%20b\r\n[^]*\r\n\r\n\{\}$/,
    );
  });

  test('is refused here as it was there', async (t) => {
    const body = '{"error":{"code":"processes_busy","message":"Too many."}}';
    const { way } = await node(t, said('503 Service Unavailable', body, 'Retry-After: 5'));
    await assert.rejects(askNode(way, CALL), { code: 'processes_busy', message: 'Too many.', retryAfterMs: 5_000 });
    const odd = await node(t, said('500 What', 'x'));
    await assert.rejects(askNode(odd.way, CALL), { code: 'internal', message: 'Another node has answered 500.' });
  });

  test('is asked again where another process stands at the same address, and not for ever', async (t) => {
    const missed = said('421 Misdirected Request', '', 'sluice-node-missed: 1');
    const { way } = await node(t, missed, missed, said('200 OK', 'x'));
    assert.deepEqual(await askNode(way, CALL), { status: 200, text: 'x' });
    const another = await node(t, missed);
    await assert.rejects(askNode(another.way, CALL), { code: 'node_unreachable' });
    assert.equal(another.heard().match(/^GET/gm)?.length, 8);
  });

  test('that is not answered says which node it was', async (t) => {
    for (const answer of ['', 'nonsense', said('200 OK', '12345').slice(0, -1)]) {
      const { way } = await node(t, answer);
      await assert.rejects(askNode(way, CALL), { code: 'node_unreachable', message: 'The node one does not answer.' });
    }
    const silent: NodeWay = { id: 'b', name: 'two', dial: () => {} };
    await assert.rejects(askNode(silent, { ...CALL, headMs: 1 }), { code: 'node_unreachable' });
    const failing: NodeWay = {
      id: 'b',
      name: 'two',
      dial: ({ failed }) => failed(new SluiceError('upstream_unreachable')),
    };
    await assert.rejects(askNode(failing, CALL), { code: 'node_unreachable' });
  });

  test('tells nothing once it is given up', async (t) => {
    const { way } = await node(t, said('200 OK', 'x'));
    const told: string[] = [];
    const call = callNode(way, CALL, {
      head: () => told.push('head'),
      body: () => told.push('body'),
      end: () => told.push('end'),
      failed: () => told.push('failed'),
    });
    call.cancel();
    call.resume();
    await askNode(way, CALL);
    assert.deepEqual(told, []);
  });
});

test('whose runs may be seen is the same on the other node, whatever the name', () => {
  for (const viewer of [null, '', 'ann', 'all', 'user x', 'É\r\n']) {
    assert.equal(viewerOfText(viewerText(viewer).trim()), viewer);
    assert.match(viewerText(viewer), /^[\x20-\x7e]+$/);
  }
  assert.equal(viewerOfText(''), undefined);
});
