import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { test, type TestContext } from 'node:test';
import { peekHello } from './hello-peek.ts';

interface Peeked {
  readonly serverName: string | null;
  readonly first: Buffer;
}

/** null: it has ended before. */
async function peek(t: TestContext, say: (port: number) => net.Socket): Promise<Peeked | null> {
  const { promise, resolve } = Promise.withResolvers<Peeked | null>();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    peekHello(socket, null, {
      timeoutMs: 300,
      onReady: (serverName, first) => {
        socket.destroy();
        resolve({ serverName, first });
      },
      onFailure: () => resolve(null),
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const client = say((server.address() as AddressInfo).port);
  client.on('error', () => {});
  t.after(() => client.destroy());
  return promise;
}

test('the name is told with what was read, which begins as TLS does', async (t) => {
  const peeked = await peek(t, (port) => tls.connect({ port, host: '127.0.0.1', servername: 'a.test' }));
  assert.deepEqual([peeked?.serverName, peeked?.first[0]], ['a.test', 22]);
});

test('what is no TLS has no name', async (t) => {
  const peeked = await peek(t, (port) => net.connect(port, '127.0.0.1').setNoDelay(true).end('GET / HTTP/1.1\r\n\r\n'));
  assert.deepEqual([peeked?.serverName, peeked?.first.toString('latin1', 0, 3)], [null, 'GET']);
});

test('whoever says nothing, or leaves, is gone', async (t) => {
  assert.equal(await peek(t, (port) => net.connect(port, '127.0.0.1')), null);
  assert.equal(await peek(t, (port) => net.connect(port, '127.0.0.1').end()), null);
});
