import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { Acceptor } from './accept.ts';

/** Sockets that came in, and a way to wait for the next one. */
function collector(): { onSocket: (socket: net.Socket) => void; next: () => Promise<net.Socket> } {
  const arrived: net.Socket[] = [];
  let wake: (() => void) | null = null;
  return {
    onSocket: (socket) => {
      arrived.push(socket);
      wake?.();
    },
    next: async () => {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return arrived.shift()!;
    },
  };
}

describe('an acceptor', () => {
  test('hands on each connection paused, with the port that was really bound, and counts them', async () => {
    const { onSocket, next } = collector();
    const acceptor = new Acceptor({ address: { host: '127.0.0.1', port: 0 }, onSocket });
    await acceptor.listen();
    const client = net.connect(acceptor.port, '127.0.0.1');
    const socket = await next();
    assert.equal(socket.isPaused(), true);
    assert.equal(acceptor.connections, 1);
    const stopped = acceptor.stop();
    socket.destroy();
    client.destroy();
    await once(socket, 'close');
    assert.equal(acceptor.connections, 0);
    await stopped;
  });

  test('listens on a unix socket', async (t) => {
    const { onSocket, next } = collector();
    const path = join(temporaryFolder(t), 'door.sock');
    const acceptor = new Acceptor({ address: { path }, onSocket });
    await acceptor.listen();
    assert.equal(acceptor.port, 0);
    const client = net.connect(path);
    (await next()).destroy();
    client.destroy();
    await acceptor.stop();
  });

  test('rejects with the error of the system when the address is taken', async () => {
    const first = new Acceptor({ address: { host: '127.0.0.1', port: 0 }, onSocket: (socket) => socket.destroy() });
    await first.listen();
    const address = { host: '127.0.0.1', port: first.port };
    const second = new Acceptor({ address, onSocket: (socket) => socket.destroy() });
    await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
    await second.stop();
    await first.stop();
  });

  test('shares a port where that was asked for', async () => {
    const onSocket = (socket: net.Socket): void => void socket.destroy();
    const first = new Acceptor({ address: { host: '127.0.0.1', port: 0 }, reusePort: true, onSocket });
    await first.listen();
    const second = new Acceptor({ address: { host: '127.0.0.1', port: first.port }, reusePort: true, onSocket });
    await second.listen();
    assert.equal(second.port, first.port);
    await Promise.all([first.stop(), second.stop()]);
  });

  test('drops connections beyond the limit, and says so', async () => {
    const { onSocket, next } = collector();
    const dropped = Promise.withResolvers<void>();
    const address = { host: '127.0.0.1', port: 0 };
    const acceptor = new Acceptor({ address, maxConnections: 1, onSocket, onDrop: dropped.resolve });
    await acceptor.listen();
    const first = net.connect(acceptor.port, '127.0.0.1');
    const socket = await next();
    const second = net.connect(acceptor.port, '127.0.0.1');
    second.on('error', () => {});
    await dropped.promise;
    await once(second, 'close');
    const stopped = acceptor.stop();
    socket.destroy();
    first.destroy();
    await stopped;
  });
});
