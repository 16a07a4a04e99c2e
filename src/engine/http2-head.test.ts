import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead, responseHead } from '../../test/support/playbook-heads.ts';
import { METHOD } from '../codec/http1/head.ts';
import { EditableFields } from './fields.ts';
import {
  appendFields,
  type FieldList,
  lowerName,
  requestHeadOf,
  responseHeadOf,
  trailerList,
  trailerSectionOf,
} from './http2-head.ts';

const REQUEST: FieldList = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/p?q'];

/** The list of a plain request with these fields behind it. */
function request(fields: FieldList, hasBody = false): string {
  return requestHeadOf([...REQUEST, ...fields], hasBody).toString('latin1');
}

/** A request with other pseudo-fields; one without a value is absent. */
function pseudo(changes: Readonly<Record<string, string | null>>, fields: FieldList = []): string {
  const list = REQUEST.flatMap((name, index) => {
    if (index % 2 === 1) return [];
    const value = name in changes ? changes[name]! : REQUEST[index + 1]!;
    return value === null ? [] : [name, value];
  });
  return requestHeadOf([...list, ...fields], false).toString('latin1');
}

describe('the list of a request', () => {
  test('becomes the head that HTTP/1.1 would have sent', () => {
    assert.equal(
      request(['accept', '*/*', 'x-own', '1', 'x-own', '2']),
      'GET /p?q HTTP/1.1\r\nHost: a.test\r\naccept: */*\r\nx-own: 1\r\nx-own: 2\r\n\r\n',
    );
  });

  test('keeps the octets of its values, whatever they mean', () => {
    const head = requestHeadOf([...REQUEST, 'x-name', 'M\u00fcller'], false) as Buffer;
    assert.ok(head.includes(Buffer.from([0x4d, 0xfc, 0x6c])));
  });

  test('says how its body ends: by its length, else by a last chunk', () => {
    assert.match(request([], true), /\r\nTransfer-Encoding: chunked\r\n\r\n$/);
    assert.match(request(['content-length', '3'], true), /\r\ncontent-length: 3\r\n\r\n$/);
    assert.doesNotMatch(request([], false), /transfer-encoding|content-length/i);
  });

  test('has one cookie field, whose crumbs are in their order', () => {
    const head = request(['cookie', 'a=1', 'x-own', '1', 'cookie', 'b=2', 'cookie', 'c=3']);
    assert.match(head, /\r\nx-own: 1\r\ncookie: a=1; b=2; c=3\r\n\r\n$/);
    assert.doesNotMatch(request([]), /cookie/);
  });

  test('may name its host in Host instead, and twice if it is the same', () => {
    const bare = pseudo({ ':authority': null }, ['host', 'b.test']);
    assert.equal(bare, 'GET /p?q HTTP/1.1\r\nHost: b.test\r\n\r\n');
    assert.equal(request(['host', 'A.test']), 'GET /p?q HTTP/1.1\r\nHost: a.test\r\n\r\n');
  });

  test('without any host leaves it to the parser to refuse that', () => {
    assert.equal(pseudo({ ':authority': null }), 'GET /p?q HTTP/1.1\r\n\r\n');
  });

  test('of CONNECT is nothing but its authority, for the engine to refuse', () => {
    assert.equal(
      requestHeadOf([':method', 'CONNECT', ':authority', 'a.test:443', 'x-own', '1'], true).toString(),
      'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n',
    );
  });

  for (const [what, head, wanted] of [
    ['no method', pseudo({ ':method': null }), 'the request has no method'],
    ['no path', pseudo({ ':path': null }), 'the request has no path'],
    ['an empty path', pseudo({ ':path': '' }), 'the request has no path'],
    ['no scheme', pseudo({ ':scheme': null }), 'the scheme is neither http nor https'],
    ['a scheme of another protocol', pseudo({ ':scheme': 'ftp' }), 'the scheme is neither http nor https'],
    ['a Host that differs', request(['host', 'b.test']), 'host and :authority differ'],
    ['two Hosts that differ', pseudo({ ':authority': null }, ['host', 'a', 'host', 'b']), 'host and :authority differ'],
    ['a line break in a value', request(['x-own', 'a\r\nb: c']), 'a field holds a line break'],
    ['a bare line feed in a value', request(['x-own', 'a\nb']), 'a field holds a line break'],
    ['a bare carriage return in a value', request(['x-own', 'a\rb']), 'a field holds a line break'],
    ['NUL in a value', request(['x-own', 'a\0b']), 'a field holds a line break'],
    ['a line break in a cookie', request(['cookie', 'a\r\nb: c']), 'a field holds a line break'],
    ['a line break in a name', request(['x\r\ny', '1']), 'a field holds a line break'],
    ['a line break in the path', pseudo({ ':path': '/ HTTP/1.1\r\na: b' }), 'a field holds a line break'],
    ['a line break in the method', pseudo({ ':method': 'GET\n' }), 'a field holds a line break'],
    ['a pseudo-field twice', request([':path', '/other']), ':path is unknown, late or there twice'],
    ['a pseudo-field that nobody knows', request([':own', '1']), ':own is unknown, late or there twice'],
    ['one that is named like a property', request([':__proto__', '1']), ':__proto__ is unknown, late or there twice'],
    [
      'a late pseudo-field',
      requestHeadOf(['x-own', '1', ...REQUEST], false),
      ':method is unknown, late or there twice',
    ],
  ] as const) {
    test(`is refused with ${what}`, () => {
      assert.equal(head, wanted);
    });
  }
});

describe('the list of an answer', () => {
  test('becomes the head that HTTP/1.1 would have sent', () => {
    const list = [':status', '200', 'content-type', 'text/plain', 'set-cookie', 'a=1', 'set-cookie', 'b=2'];
    assert.equal(
      responseHeadOf(list, true).toString(),
      'HTTP/1.1 200 \r\ncontent-type: text/plain\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    assert.equal(responseHeadOf([':status', '204'], false).toString(), 'HTTP/1.1 204 \r\n\r\n');
  });

  for (const status of ['', '20', '2000', '099', 'abc', '2 0', '200 OK']) {
    test(`is refused with a status of ${JSON.stringify(status)}`, () => {
      assert.equal(responseHeadOf([':status', status], false), 'the answer has no status');
    });
  }

  test('is refused with a line break in a field', () => {
    assert.equal(responseHeadOf([':status', '200', 'x', 'a\r\nb: c'], true), 'a field holds a line break');
  });
});

describe('trailers', () => {
  test('become the end of a chunked body', () => {
    assert.equal(trailerSectionOf(['x-sum', '1', 'x-more', '2']).toString(), '0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n');
    assert.equal(trailerSectionOf([]).toString(), '0\r\n\r\n');
  });

  test('lose what would end the section early, and pseudo-fields', () => {
    const list = ['x-bad', 'a\r\n\r\nGET / HTTP/1.1', ':status', '200', 'x-good', '1'];
    assert.equal(trailerSectionOf(list).toString(), '0\r\nx-good: 1\r\n\r\n');
  });

  test('become a list of what is kept, and none where there is nothing', () => {
    const trailers = requestHead('GET / HTTP/1.1', 'Host: a', 'X-Sum: 1', 'Connection: x-hop', 'X-Hop: 2');
    assert.deepEqual(trailerList(trailers), ['host', 'a', 'x-sum', '1']);
    assert.equal(trailerList(null), null);
    assert.equal(trailerList(requestHead('GET / HTTP/1.0')), null);
  });
});

describe('the fields of a message', () => {
  test('become a list in lower case, without those of the connection, and with what was added', () => {
    const fields = new EditableFields();
    fields.begin(responseHead(METHOD.GET, 'HTTP/1.1 200 OK', 'X-Own: 1', 'Keep-Alive: timeout=5', 'ETag:  "a" '));
    fields.remove('x-own');
    fields.append('X-Added', 'one: two');
    fields.append('X-Empty', '');
    const list: string[] = [':status', '200'];
    appendFields(list, fields);
    assert.deepEqual(list, [':status', '200', 'etag', '"a"', 'x-added', 'one: two', 'x-empty', '']);
  });

  test('have their names in lower case, those that are known and the others', () => {
    const head = requestHead('GET / HTTP/1.1', 'HOST: a', 'WWW-Authenticate: x', 'X-Forwarded-For: y', 'X-OWN: z');
    const names = Array.from({ length: head.count }, (_, index) => lowerName(head, index));
    assert.deepEqual(names, ['host', 'www-authenticate', 'x-forwarded-for', 'x-own']);
  });
});
