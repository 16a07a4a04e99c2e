import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { SluiceError } from '../core/errors.ts';
import { HttpDoor, type HttpDoorOptions } from './http-door.ts';

const OK: HttpDoorOptions['handler'] = (_request, response) => {
  response.end('ok');
};

const ADMIN = { name: 'admin', key: 'admin.listen', handler: OK } as const;

async function open(t: TestContext, handler = OK): Promise<HttpDoor> {
  const door = new HttpDoor({ name: 'metrics', key: 'metrics.listen', listen: '127.0.0.1:0', handler });
  await door.start();
  t.after(() => door.close());
  return door;
}

async function dial(door: HttpDoor): Promise<Socket> {
  const socket = connect(Number(new URL(door.address).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('a control door', () => {
  test('tells the port that was really bound', async (t) => {
    const door = await open(t);
    assert.match(door.address, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.equal(await (await fetch(door.address)).text(), 'ok');
  });

  test('writes every kind of address so that it can be read back', () => {
    const addressOf = (listen: string): string => new HttpDoor({ ...ADMIN, listen }).address;
    assert.equal(addressOf('[::1]:7'), 'http://[::1]:7');
    assert.equal(addressOf(':7'), 'http://0.0.0.0:7');
    assert.equal(addressOf('unix:/run/x.sock'), 'unix:/run/x.sock');
    assert.throws(() => addressOf('nowhere'), TypeError);
  });

  test('listens on a unix socket', { skip: process.platform === 'win32' }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-door-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const socketPath = join(directory, 'admin.sock');
    const door = new HttpDoor({ ...ADMIN, listen: `unix:${socketPath}` });
    await door.start();
    const [answer] = await once(request({ socketPath, agent: false }).end(), 'response');
    assert.equal(await text(answer), 'ok');
    await door.close();
    assert.equal(existsSync(socketPath), false);
  });

  test('refuses to start on a taken port and names the key and the address', async (t) => {
    const door = await open(t);
    const port = Number(new URL(door.address).port);
    const second = new HttpDoor({ ...ADMIN, listen: `127.0.0.1:${port}` });
    await assert.rejects(second.start(), (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'listen_failed');
      assert.ok(error.message.startsWith(`admin.listen: cannot listen on 127.0.0.1:${port}: `));
      return true;
    });
    await second.close();
  });

  test('lets a running request finish while it drains, and closes the connection after it', async (t) => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const door = await open(t, (_request: IncomingMessage, response) => arrived.resolve(response));
    const idle = await dial(door);
    const busy = await dial(door);
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await arrived.promise;
    assert.equal(door.openConnections(), 2);

    const drained = door.drain();
    idle.resume();
    await once(idle, 'close');
    await assert.rejects(dial(door), { code: 'ECONNREFUSED' });
    const answer = text(busy);
    response.end('late');
    assert.match(await answer, /^HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*late/);
    await drained;
    assert.equal(door.openConnections(), 0);
  });

  test('closes a connection whose answer had begun before the drain, as soon as it is complete', async (t) => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const door = await open(t, (_request, response) => {
      response.write('first ');
      arrived.resolve(response);
    });
    const busy = await dial(door);
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await arrived.promise;
    const answer = text(busy);
    const drained = door.drain();
    response.end('last');
    assert.match(await answer, /first[\s\S]*last/);
    await drained;
  });

  test('cuts what is open when it is closed', async (t) => {
    const arrived = Promise.withResolvers<void>();
    const door = await open(t, () => arrived.resolve());
    const busy = await dial(door);
    busy.on('error', () => {});
    busy.resume();
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived.promise;
    const [closed] = await Promise.all([once(busy, 'close'), door.close()]);
    assert.ok(closed);
    assert.equal(door.openConnections(), 0);
  });

  for (const [what, bytes, status, code] of [
    ['bytes that are no HTTP', 'hello\r\n\r\n', 400, 'request_invalid'],
    [
      'a head that is too large',
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'request_head_too_large',
    ],
  ] as const) {
    test(`answers ${what} with the one shape of error`, async (t) => {
      const socket = await dial(await open(t));
      socket.write(bytes);
      const answer = await text(socket);
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer);
      const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      assert.equal(body.error.code, code);
      assert.match(body.error.request_id, /^[0-9a-f]{16}$/);
    });
  }
});
