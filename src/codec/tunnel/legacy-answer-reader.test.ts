import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MsgpackValue, writeMsgpack } from '../msgpack/write-msgpack.ts';
import { LegacyAnswerReader } from './legacy-answer-reader.ts';
import { legacyMessage } from './legacy-messages.ts';

function answer(status: number, headers: Record<string, string>, body = ''): Buffer {
  return legacyMessage('Proxy', { data: writeMsgpack({ status, headers, body: Buffer.from(body) }) });
}

/** What is told of it, whatever the size of its parts. */
function told(bytes: Buffer, { isHead = false, size = bytes.length } = {}): string[] {
  const said: string[] = [];
  const reader = new LegacyAnswerReader({
    head: ({ status, headers }) => said.push(`${status} ${headers.map((pair) => pair.join('=')).join('&')}`),
    data: (part) => said.push(String(part)),
    end: () => said.push('end'),
    failed: (why) => said.push(`failed: ${why}`),
  });
  reader.expect(isHead);
  for (let at = 0; at < bytes.length; at += size) reader.part(bytes, at, Math.min(bytes.length, at + size));
  reader.end();
  return said;
}

const CHUNKED = { 'Transfer-Encoding': 'chunked' };

describe('an answer', () => {
  test('is given out as it comes, cut wherever it may be', () => {
    const bytes = answer(200, { 'Content-Length': '5', 'Set-Cookie': 'b=2' }, 'hello');
    assert.deepEqual(told(bytes), ['200 Content-Length=5&Set-Cookie=b=2', 'hello', 'end']);
    const [head, ...rest] = told(bytes, { size: 1 });
    assert.deepEqual([head, rest.join('')], ['200 Content-Length=5&Set-Cookie=b=2', 'helloend']);
  });

  test('loses its chunks', () => {
    const bytes = answer(200, CHUNKED, '3;x\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n');
    assert.deepEqual(told(bytes), ['200 Transfer-Encoding=chunked', 'abc', 'de', 'end']);
    assert.equal(told(bytes, { size: 1 }).slice(1).join(''), 'abcdeend');
  });

  test('without a length has that of what came', () => {
    assert.deepEqual(told(answer(200, {}, 'abc')), ['200 Content-Length=3', 'abc', 'end']);
  });

  test('has no body where there is none, whatever it says', () => {
    assert.deepEqual(told(answer(200, { 'Content-Length': '9' }), { isHead: true }), ['200 Content-Length=9', 'end']);
    assert.deepEqual(told(answer(304, CHUNKED)), ['304 Transfer-Encoding=chunked', 'end']);
  });

  test('that is not whole or says two things is none', () => {
    const last = (bytes: Buffer): string => told(bytes).at(-1) ?? '';
    assert.match(last(answer(200, { 'Content-Length': '9' }, 'abc')), /before it was complete/);
    assert.match(last(answer(200, CHUNKED, '3\r\nab')), /before it was complete/);
    assert.match(last(answer(200, CHUNKED, 'x')), /chunks/);
    assert.match(last(answer(200, { ...CHUNKED, 'content-length': '3' }, 'abc')), /a length and chunks/);
    assert.match(last(answer(500, {})), /closed the connection/);
    assert.match(last(answer(200, {}, 'abc').subarray(0, -1)), /before it was complete/);
    assert.match(last(Buffer.concat([answer(200, {}, 'abc'), Buffer.from('x')])), /something follows/);
  });

  test('of another shape is refused', () => {
    const shapes: { Type: string; [key: string]: MsgpackValue }[] = [
      { Type: 'Ping', data: Buffer.from('x') },
      { Type: 'Proxy', data: 'text' },
      { Type: 'Proxy', data: writeMsgpack({ body: Buffer.alloc(1), status: 200 }) },
      { Type: 'Proxy', data: writeMsgpack({ status: 200 }) },
    ];
    for (const { Type, ...fields } of shapes)
      assert.match(told(legacyMessage(Type, fields)).at(-1) ?? '', /^failed/, JSON.stringify(fields));
    assert.match(told(answer(200, { a: 'x'.repeat(400_000) }), { size: 65_536 }).at(-1) ?? '', /^failed: .*too soon/);
  });
});
