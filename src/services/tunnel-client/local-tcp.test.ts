import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { dataMessage, exposedTunnel, openMessage, RecordingPort } from '../../../test/support/local-end.ts';
import { parseIpRange } from '../../core/ip.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import { LocalLines } from './local-lines.ts';
import { LocalTcp } from './local-tcp.ts';

async function localServer(t: TestContext, serve: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    serve(socket);
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function begin(localPort: number, more: Partial<ExposedTunnel> = {}, isUnhealthy = false): [LocalTcp, RecordingPort] {
  const tunnel = exposedTunnel(localPort, { protocol: 'tcp', ...more });
  const lines = new LocalLines({ host: '127.0.0.1', port: localPort }, new DnsCache());
  const port = new RecordingPort();
  const end = new LocalTcp({ open: openMessage({ mode: 'tcp' }), tunnel, lines, isUnhealthy }, port);
  end.start();
  return [end, port];
}

/** Answers what was said when all was said. */
const afterAll = (socket: net.Socket): void => {
  let heard = '';
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
  socket.on('end', () => socket.end(`heard ${heard}`));
};

test('what the visitor says before the local server is reached is not lost, and a half is told as one', async (t) => {
  const [end, port] = begin(await localServer(t, afterAll));
  port.version = 3;
  end.take(dataMessage('one,'));
  end.take(dataMessage('two'));
  end.halfEnded();
  await port.until(() => port.said.includes('close'));
  assert.deepEqual([port.said, port.keptBytes, port.status], [['data heard one,two', 'end ', 'close'], 0, 101]);
});

test('where halves cannot be told the end of the local server ends it, after all that it has said', async (t) => {
  const [, port] = begin(await localServer(t, (socket) => socket.end('banner')));
  await port.until(() => port.said.includes('close'));
  assert.deepEqual(port.said, ['data banner', 'close']);
});

test('what was said before the visitor left is still said', async (t) => {
  const heard = Promise.withResolvers<string>();
  const [end, port] = begin(
    await localServer(t, (socket) => {
      socket.on('data', (bytes: Buffer) => heard.resolve(bytes.toString()));
    }),
  );
  end.take(dataMessage('bye'));
  end.closed();
  assert.equal(await heard.promise, 'bye');
  assert.deepEqual(port.said, ['close']);
});

test('a cut is passed on as a cut, and nobody listening as well', async (t) => {
  const cutting = await localServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const [end, cut] = begin(cutting);
  end.take(dataMessage('x'));
  await cut.until(() => cut.said.length > 0);
  assert.deepEqual(cut.said, ['reset the local server cut the connection']);
  const gone = net.createServer();
  await once(gone.listen(0, '127.0.0.1'), 'listening');
  const { port: free } = gone.address() as AddressInfo;
  await once(gone.close(), 'close');
  const [, nobody] = begin(free);
  await nobody.until(() => nobody.said.length > 0);
  assert.deepEqual(nobody.said, [`reset nothing answers on port ${free}`]);
});

test('a visitor whose address is not known to be allowed does not reach the local server', async (t) => {
  const allow = [parseIpRange('192.0.2.0/24')!];
  const [, port] = begin(await localServer(t, () => assert.fail('it was reached')), { allow });
  assert.deepEqual(port.said, ['reset the visitor may not use this tunnel']);
});

test('a local server that fails its checks is not reached', async (t) => {
  const [, port] = begin(await localServer(t, () => assert.fail('it was reached')), {}, true);
  assert.deepEqual(port.said, ['reset the local server fails its health check']);
});
