import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  awaitWrite,
  distrustRawIo,
  mayTryRawIo,
  type PendingWrite,
  proveRawIo,
  rawHandle,
  rawWrite,
  readInto,
} from './raw-io.ts';

/** Both ends of a connection; the accepted one is paused. */
async function pair(): Promise<{ client: net.Socket; accepted: net.Socket; close: () => void }> {
  const server = net.createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[net.Socket], []];
  for (const socket of [client, accepted]) socket.on('error', () => {});
  const close = (): void => {
    client.destroy();
    accepted.destroy();
    server.close();
  };
  return { client, accepted, close };
}

describe('raw reads and writes', () => {
  before(async () => {
    assert.equal(await proveRawIo(), true, 'this Node is the one that they were made for');
  });
  after(distrustRawIo);

  test('read into a buffer of ours', async () => {
    const { client, accepted, close } = await pair();
    const buffer = Buffer.alloc(16);
    const read = Promise.withResolvers<string>();
    assert.equal(
      readInto(accepted, buffer, (count, bytes) => {
        read.resolve(bytes.toString('latin1', 0, count));
        return bytes === buffer;
      }),
      true,
    );
    accepted.resume();
    client.write('hello');
    assert.equal(await read.promise, 'hello');
    close();
  });

  test('write at once what the kernel takes, and tell when the rest has gone', async () => {
    const { client, accepted, close } = await pair();
    const handle = rawHandle(client)!;
    assert.equal(rawWrite(handle, Buffer.from('small')), 0);
    const large = Buffer.alloc(32 * 1024 * 1024, 7);
    const pending = rawWrite(handle, large) as PendingWrite;
    assert.equal(typeof pending, 'object');
    const done = Promise.withResolvers<number>();
    awaitWrite(pending, large, done.resolve);
    let received = 0;
    accepted.on('data', (bytes: Buffer) => (received += bytes.length));
    accepted.resume();
    assert.equal(await done.promise, 0);
    while (received < large.length + 5) await once(accepted, 'data');
    close();
  });

  test('answer with an error number once the connection is gone', async () => {
    const { client, accepted, close } = await pair();
    const handle = rawHandle(client)!;
    const gone = new Promise((resolve) => client.once('close', resolve));
    accepted.resetAndDestroy();
    await gone;
    assert.equal(rawHandle(client), null);
    assert.ok((rawWrite(handle, Buffer.from('x')) as number) < 0);
    close();
  });
});

test('nothing is tried on a Node that would end of it', () => {
  const tried = ['24.0.0', '26.9.0', '26.10.0', '26.12.1', '27.0.0', '28.11.0'].filter(mayTryRawIo);
  assert.deepEqual(tried, ['26.10.0', '26.12.1']);
});

describe('without the proof', () => {
  test('nothing is read or written past the public interface', async () => {
    distrustRawIo();
    const { client, accepted, close } = await pair();
    assert.equal(
      readInto(accepted, Buffer.alloc(1), () => true),
      false,
    );
    assert.equal(rawHandle(client), null);
    close();
  });
});
