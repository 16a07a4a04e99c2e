import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { AdminDesk, AUTHORIZED, TOKEN } from '../../test/support/admin-desk.ts';
import { adminDoor } from './admin-door.ts';
import type { HttpDoor } from './http-door.ts';

async function open(t: TestContext): Promise<{ door: HttpDoor; desk: AdminDesk }> {
  const desk = await AdminDesk.open();
  const door = adminDoor('127.0.0.1:0', desk.parts);
  await door.start();
  t.after(() => door.close());
  return { door, desk };
}

async function send(door: HttpDoor, request: string): Promise<string> {
  const socket = connect(Number(new URL(door.address).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  return text(socket);
}

describe('the admin door', () => {
  test('carries the API over HTTP', async (t) => {
    const { door, desk } = await open(t);
    assert.equal((await fetch(`${door.address}/api/v1/status`, { headers: AUTHORIZED })).status, 200);
    const reload = await fetch(`${door.address}/api/v1/reload`, { method: 'POST', headers: AUTHORIZED, body: '{}' });
    assert.equal(reload.status, 200);
    assert.equal(desk.logged.find(({ message }) => message === 'admin write')?.fields['remote'], '127.0.0.1');
  });

  test('leaves the Request and Response of the process alone', async (t) => {
    const { Request: RequestBefore, Response: ResponseBefore } = globalThis;
    const { door } = await open(t);
    await fetch(`${door.address}/api/v1/health`);
    assert.deepEqual([globalThis.Request, globalThis.Response], [RequestBefore, ResponseBefore]);
  });

  test('refuses a name that was rebound to its address', async (t) => {
    const { door } = await open(t);
    const answer = await send(
      door,
      `GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 403 [\s\S]*"code":"forbidden"/);
  });

  test('answers a request without a usable address with the one shape of error', async (t) => {
    const { door } = await open(t);
    const answer = await send(door, 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*"code":"request_invalid"/);
  });

  test('refuses a body of unknown length without reading it', async (t) => {
    const { door } = await open(t);
    const head = `POST /api/v1/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n`;
    const answer = await send(door, `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*"code":"request_body_too_large"/);
  });
});
