import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Socks4Client, Socks5Client, type SocksClient } from './socks-client.ts';
import { socksReply, SocksServer } from './socks-server.ts';
import { REPLY } from './socks-words.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Feeds everything in portions of `size`; returns what the server said and what it left. */
function feed(server: SocksServer, bytes: Buffer, size = 4096): { said: string; left: string } {
  const said: string[] = [];
  let at = 0;
  while (at < bytes.length && server.state.kind === 'reading') {
    at = server.feed(bytes, at, Math.min(bytes.length, at + size));
    said.push(server.takeOutput()?.toString('hex') ?? '');
  }
  return { said: said.join(''), left: bytes.toString('latin1', at) };
}

const open = (): SocksServer => new SocksServer({ requiresLogin: false });
const closed = (): SocksServer => new SocksServer({ requiresLogin: true });
const CONNECT = latin1('\x05\x01\0\x03\x09A.Example\x01\xbb');

describe('a SOCKS5 server', () => {
  test('lets a client in without a login and reads what it asks for', () => {
    const server = open();
    const { said, left } = feed(server, Buffer.concat([hex('050100'), CONNECT, latin1('early')]));
    assert.equal(said, '0500');
    assert.equal(left, 'early');
    assert.deepEqual(server.state, {
      kind: 'requested',
      request: { version: 5, host: 'a.example', port: 443, username: null, password: null },
    });
  });

  test('takes a login from whoever offers one, in portions of any size', () => {
    for (const size of [1, 2, 3, 4096]) {
      const server = open();
      const { said } = feed(server, Buffer.concat([hex('05020002'), latin1('\x01\x04user\x02pw'), CONNECT]), size);
      assert.equal(said, '05020100');
      assert.ok(server.state.kind === 'requested');
      assert.equal(server.state.request.username, 'user');
      assert.equal(server.state.request.password, 'pw');
    }
  });

  test('takes a login with an empty user and password', () => {
    const server = closed();
    feed(server, Buffer.concat([hex('050102'), hex('010000'), CONNECT]), 1);
    assert.ok(server.state.kind === 'requested');
    assert.equal(server.state.request.username, '');
  });

  test('turns away a client that offers no login where one is needed, and one that offers nothing', () => {
    for (const greeting of ['050100', '050101', '0500']) {
      const server = closed();
      assert.equal(feed(server, hex(greeting)).said, '05ff');
      assert.equal(server.state.kind, 'refused');
    }
  });

  test('reads addresses of both families', () => {
    const server = open();
    feed(server, hex('050100 05010001 0a010203 0050'), 1);
    assert.ok(server.state.kind === 'requested');
    assert.equal(server.state.request.host, '10.1.2.3');
    const other = open();
    feed(other, hex('050100 05010004 20010db8000000000000000000000001 0050'), 1);
    assert.ok(other.state.kind === 'requested');
    assert.equal(other.state.request.host, '2001:db8::1');
  });

  for (const [what, request, reply] of [
    ['BIND', '05020001 7f000001 0050', REPLY.COMMAND_NOT_SUPPORTED],
    ['UDP ASSOCIATE', '05030001 7f000001 0050', REPLY.COMMAND_NOT_SUPPORTED],
    ['an unknown type of address', '05010009 7f000001 0050', REPLY.ADDRESS_NOT_SUPPORTED],
    ['another version in the request', '04010001 7f000001 0050', REPLY.GENERAL_FAILURE],
    ['port 0', '05010001 7f000001 0000', REPLY.GENERAL_FAILURE],
    ['an empty name', '05010003 00 0050', REPLY.GENERAL_FAILURE],
    ['a name that would break a line of HTTP', '05010003 04 610d0a62 0050', REPLY.GENERAL_FAILURE],
    ['a name with a space', '05010003 03 612062 0050', REPLY.GENERAL_FAILURE],
    ['a name beyond ASCII', '05010003 02 c3bc 0050', REPLY.GENERAL_FAILURE],
  ] as const) {
    test(`answers ${what} with reply ${reply}`, () => {
      const server = open();
      const { said } = feed(server, hex(`050100 ${request}`));
      assert.equal(said, `0500${socksReply(5, reply).toString('hex')}`);
      assert.equal(server.state.kind, 'refused');
    });
  }

  test('says nothing to what is not SOCKS', () => {
    const server = open();
    assert.equal(feed(server, latin1('GET / HTTP/1.1')).said, '');
    assert.equal(server.state.kind, 'refused');
  });

  test('refuses a login of another version', () => {
    const server = open();
    assert.equal(feed(server, hex('050102 05 01 61 01 62'), 3).said, '05020101');
  });
});

describe('a SOCKS4 server', () => {
  test('reads an address, and a name in 4a', () => {
    for (const size of [1, 2, 4096]) {
      const server = open();
      const { left } = feed(server, latin1('\x04\x01\0\x50\x0a\x01\x02\x03me\0early'), size);
      assert.equal(left, 'early');
      assert.deepEqual(server.state, {
        kind: 'requested',
        request: { version: 4, host: '10.1.2.3', port: 80, username: 'me', password: null },
      });
      const named = open();
      assert.equal(feed(named, latin1('\x04\x01\x01\xbb\0\0\0\x07\0a.example\0early'), size).left, 'early');
      assert.ok(named.state.kind === 'requested');
      assert.deepEqual(
        [named.state.request.host, named.state.request.port, named.state.request.username],
        ['a.example', 443, null],
      );
    }
  });

  test('wants a user where a login is needed', () => {
    const server = closed();
    assert.equal(feed(server, latin1('\x04\x01\0\x50\x0a\x01\x02\x03\0')).said, '005d000000000000');
    const named = closed();
    feed(named, latin1('\x04\x01\0\x50\x0a\x01\x02\x03me\0'));
    assert.equal(named.state.kind, 'requested');
  });

  test('refuses BIND, words without an end and names that are none', () => {
    for (const request of [
      '\x04\x02\0\x50\x0a\x01\x02\x03\0',
      `\x04\x01\0\x50\x0a\x01\x02\x03${'u'.repeat(600)}`,
      `\x04\x01\0\x50\0\0\0\x01u\0${'n'.repeat(600)}`,
      '\x04\x01\0\x50\0\0\0\x01u\0\0',
      '\x04\x01\0\x50\0\0\0\x01u\0a b\0',
    ]) {
      const server = open();
      assert.equal(feed(server, latin1(request)).said, '005b000000000000');
      assert.equal(server.state.kind, 'refused');
    }
  });
});

describe('client and server', () => {
  const words = fc
    .string({ unit: 'binary-ascii', minLength: 1, maxLength: 255 })
    .filter((text) => !text.includes('\0'));
  const hosts = fc.oneof(fc.ipV4(), fc.domain());

  test('understand each other about every host, login and portion', () => {
    fc.assert(
      fc.property(
        hosts,
        fc.integer({ min: 1, max: 65_535 }),
        words,
        fc.integer({ min: 1, max: 50 }),
        (host, port, word, size) => {
          const login = { username: word, password: word, isRequired: true };
          converse(new Socks5Client({ host, port }, login), closed(), size, {
            host,
            port,
            username: word,
            password: word,
          });
          converse(new Socks4Client({ host, port }, word), closed(), size, {
            host,
            port,
            username: word,
            password: null,
          });
        },
      ),
    );
  });

  test('never read beyond their end, and never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.constantFrom(4, 5), (garbage, version) => {
        const bytes = Buffer.concat([Buffer.of(version), garbage]);
        const server = open();
        const at = server.feed(bytes, 0, bytes.length);
        assert.ok(at <= bytes.length);
        for (const client of [
          new Socks5Client({ host: 'a', port: 1 }, null),
          new Socks4Client({ host: 'a', port: 1 }, ''),
        ]) {
          assert.ok(client.feed(bytes, 0, bytes.length) <= bytes.length);
        }
      }),
    );
  });
});

function converse(client: SocksClient, server: SocksServer, size: number, expected: object): void {
  for (let out = client.takeOutput(); out !== null; out = client.takeOutput()) {
    let answer = Buffer.alloc(0);
    for (let at = 0; at < out.length;) {
      at = server.feed(out, at, Math.min(out.length, at + size));
      answer = Buffer.concat([answer, server.takeOutput() ?? Buffer.alloc(0)]);
      if (server.state.kind !== 'reading') break;
    }
    if (server.state.kind === 'requested')
      answer = Buffer.concat([answer, socksReply(server.state.request.version, 0)]);
    client.feed(answer, 0, answer.length);
  }
  assert.deepEqual(client.result, { kind: 'connected' });
  assert.ok(server.state.kind === 'requested');
  const { host, port, username, password } = server.state.request;
  assert.deepEqual({ host, port, username, password }, expected);
}
