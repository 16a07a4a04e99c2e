import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIELD, FRAMING, Head, METHOD, TARGET_FORM } from './head.ts';
import { DEFAULT_LIMITS } from './message-parser.ts';
import { RequestParser, ResponseParser } from './parser.ts';

const ignore = (): void => {};

function parse(text: string): Head {
  const parser = new RequestParser(DEFAULT_LIMITS, {
    onHead: ignore,
    onBody: ignore,
    onEnd: ignore,
    onError: (_code, detail) => assert.fail(detail),
  });
  const bytes = Buffer.from(`....${text}`, 'latin1');
  parser.feed(bytes, 4, bytes.length);
  return parser.head;
}

const REQUEST =
  'POST http://h:1/p?q HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nCookie: a\r\nx-one: 2\r\nContent-Length: 3\r\n\r\n';

describe('a head', () => {
  test('gives its parts as text', () => {
    const head = parse(REQUEST);
    assert.equal(head.method(), 'POST');
    assert.equal(head.target(), 'http://h:1/p?q');
    assert.equal(head.text(head.authorityFrom, head.authorityTo), 'h:1');
    assert.equal(head.text(head.pathFrom, head.targetTo), '/p?q');
    assert.equal(head.count, 5);
    assert.equal(head.name(1), 'X-One');
    assert.equal(head.value(1), '1');
    assert.equal(head.length, REQUEST.length);
  });

  test('of a response gives its reason as text', () => {
    const parser = new ResponseParser(DEFAULT_LIMITS, {
      onHead: ignore,
      onBody: ignore,
      onEnd: ignore,
      onError: ignore,
    });
    const bytes = Buffer.from('HTTP/1.1 404 Not Found\r\n\r\n');
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.head.reason(), 'Not Found');
  });

  test('finds known fields by number, one after the other', () => {
    const head = parse(REQUEST);
    assert.equal(head.find(FIELD.COOKIE), 2);
    assert.equal(head.find(FIELD.COOKIE, 3), -1);
    assert.equal(head.find(FIELD.DATE), -1);
    assert.equal(head.hostIndex, 0);
  });

  test('finds any field by name, case-blind', () => {
    const head = parse(REQUEST);
    assert.equal(head.findName('x-one'), 1);
    assert.equal(head.findName('x-one', 2), 3);
    assert.equal(head.findName('x-one', 4), -1);
    assert.equal(head.findName('x-onf'), -1);
    assert.equal(head.findName('content-length'), 4);
  });

  test('compares its parts with text, octet by octet', () => {
    const head = parse('PUT / HTTP/1.1\r\nHost: h\r\nX: caf\xe9\r\n\r\n');
    assert.equal(head.equals(0, head.methodTo, 'PUT'), true);
    for (const other of ['', 'PU', 'put', 'PUTS']) assert.equal(head.equals(0, head.methodTo, other), false, other);
    const [from, to] = [head.fields[6]!, head.fields[7]!];
    assert.equal(head.equals(from, to, 'caf\xe9'), true);
    assert.equal(head.equals(from, to, 'caf\u01e9'), false, 'no octet is that large');
  });

  test('stays what it is when its bytes are moved', () => {
    const head = parse(REQUEST);
    const borrowed = head.bytes;
    const target = Buffer.alloc(300, '?');
    head.moveTo(target, 100);
    borrowed.fill(0);
    assert.equal(head.method(), 'POST');
    assert.equal(head.value(4), '3');
    assert.equal(target.toString('latin1', 100, 100 + head.length), REQUEST);
    assert.equal(target[99], '?'.charCodeAt(0));
    assert.equal(target[100 + head.length], '?'.charCodeAt(0));
  });

  test('after reset() is what a new one is, but for the room it has', () => {
    const head = parse(
      'CONNECT [::1]:443 HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\nTE: trailers\r\n\r\n',
    );
    head.status = 500;
    head.reset();
    const plain = (value: Head): [string, unknown][] =>
      Object.entries(value).filter(([key]) => !['fields', 'ids', 'drop'].includes(key));
    assert.deepEqual(plain(head), plain(new Head()));
  });

  test('keeps what it has when it makes room for more', () => {
    const head = parse(REQUEST);
    const room = head.ids.length;
    head.drop[1] = 1;
    head.grow();
    assert.equal(head.ids.length, room * 2);
    assert.equal(head.fields.length, room * 8);
    assert.equal(head.drop.length, room * 2);
    assert.equal(head.drop[1], 1);
    assert.equal(head.value(2), 'a');
    assert.equal(head.find(FIELD.CONTENT_LENGTH), 4);
  });

  test('has numbers that do not collide', () => {
    for (const numbers of [METHOD, FIELD, FRAMING, TARGET_FORM]) {
      const values = Object.values(numbers);
      assert.equal(new Set(values).size, values.length);
    }
  });
});
