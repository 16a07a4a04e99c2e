import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { seenRequest } from '../../../test/support/seen-request.ts';
import type { ReplayAnswer } from '../captured-answer.ts';

const POST = { method: 'POST', headers: { ...AUTHORIZED, 'Content-Type': 'application/json' } };

async function deskWith(body: Buffer): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  desk.tape.add(seenRequest({ id: 'a', bytesReceived: body.length }));
  desk.captures.put({
    id: 'a',
    fields: [['X-A', '1']],
    hidden: [],
    body: { bytes: body, length: body.length, isComplete: true },
    answerFields: [],
    answerBody: null,
    keepsBodies: true,
    keepsCredentials: false,
  });
  return desk;
}

describe('what was kept of the body of a request', () => {
  test('is a file, and text only where it is text', async () => {
    for (const [body, type, file] of [
      ['<script>', 'text/plain; charset=utf-8', 'a-request.txt'],
      ['\0\u0001', 'application/octet-stream', 'a-request.bin'],
    ] as const) {
      const desk = await deskWith(Buffer.from(body));
      const answer = await desk.ask('/api/v1/requests/a/request-body', { headers: AUTHORIZED });
      assert.equal(answer.headers.get('content-type'), type);
      assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${file}"`);
      assert.equal(await answer.text(), body);
    }
  });

  test('is not there when there was none, or nothing is kept', async () => {
    const desk = await deskWith(Buffer.from('x'));
    for (const path of ['a/response-body', 'b/request-body', 'b/response-body']) {
      assert.equal(await refused(await desk.ask(`/api/v1/requests/${path}`, { headers: AUTHORIZED })), '404 not_found');
    }
  });
});

describe('a request is sent again', () => {
  test('as it was, or with what it is given', async () => {
    const desk = await deskWith(Buffer.from('hello'));
    const path = '/api/v1/requests/a/replay';
    assert.equal((await desk.ask(path, { method: 'POST', headers: AUTHORIZED })).status, 200);
    const wish = { headers: { 'X-A': null, 'X-B': '2' }, target: '/b' };
    const answer = await desk.ask(path, { ...POST, body: JSON.stringify(wish) });
    const { request, response } = (await answer.json()) as ReplayAnswer;
    assert.deepEqual([request?.request_id, request?.replay_of], ['again', 'a']);
    assert.deepEqual(response, {
      status: 200,
      headers: [['Set-Cookie', '***']],
      bytes: 5,
      text: 'hello',
      base64: null,
      cut: false,
    });
    assert.deepEqual(
      desk.replayed.map(([door, { head, body }]) => [door, Buffer.from(head).toString(), Buffer.from(body).toString()]),
      [
        ['gateway', 'GET / HTTP/1.1\r\nHost: app.test\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n', 'hello'],
        ['gateway', 'GET /b HTTP/1.1\r\nHost: app.test\r\nx-b: 2\r\nContent-Length: 5\r\n\r\n', 'hello'],
      ],
    );
  });

  test('never with what would be more than a field or a target', async () => {
    const desk = await deskWith(Buffer.from('hello'));
    for (const wish of [
      { headers: { 'a b': 'x' } },
      { headers: { a: 'x\r\nb: c' } },
      { target: '/ x' },
      { other: 1 },
    ]) {
      const answer = await desk.ask('/api/v1/requests/a/replay', { ...POST, body: JSON.stringify(wish) });
      assert.equal(await refused(answer), '422 invalid_input');
    }
    assert.deepEqual(desk.replayed, []);
    const gone = await desk.ask('/api/v1/requests/x/replay', { ...POST, body: '{}' });
    assert.equal(await refused(gone), '404 not_found');
  });
});
