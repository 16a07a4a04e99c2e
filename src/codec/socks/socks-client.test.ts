import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { Socks4Client, Socks5Client, type SocksClient, type SocksResult } from './socks-client.ts';

const TO = { host: 'a.example', port: 443 };
const LOGIN = { username: 'user', password: 'p:ss', isRequired: false };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

interface Outcome {
  readonly result: SocksResult | null;
  readonly sent: string[];
  /** What was not read of the last portion. */
  readonly left: string;
}

/** Plays the server's messages, each after the client's last one, in portions of `size` bytes. */
function play(client: SocksClient, messages: readonly string[], size = 4096): Outcome {
  const sent = [client.takeOutput()?.toString('hex') ?? ''];
  let left = '';
  for (const message of messages) {
    const bytes = hex(message);
    for (let from = 0; from < bytes.length && client.result === null; from += size) {
      const to = Math.min(bytes.length, from + size);
      const at = client.feed(bytes, from, to);
      if (client.result === null) assert.equal(at, to);
      else left = bytes.toString('hex', at);
    }
    const output = client.takeOutput();
    if (output !== null) sent.push(output.toString('hex'));
  }
  return { result: client.result, sent, left };
}

const REQUEST = '0501000309' + Buffer.from('a.example').toString('hex') + '01bb';
const GRANTED = '05 00 00 01 00000000 0000';

describe('a SOCKS5 client', () => {
  test('offers to go without a login, and asks for the name as it is', () => {
    const { result, sent } = play(new Socks5Client(TO, null), ['0500', GRANTED]);
    assert.deepEqual(result, { kind: 'connected' });
    assert.deepEqual(sent, ['050100', REQUEST]);
  });

  test('offers its login first, and sends it where it is asked for', () => {
    const { result, sent } = play(new Socks5Client(TO, LOGIN), ['0502', '0100', GRANTED]);
    assert.deepEqual(result, { kind: 'connected' });
    assert.deepEqual(sent, ['05020200', '01047573657204703a7373', REQUEST]);
  });

  test('sends no login to a server that asks for none', () => {
    assert.deepEqual(play(new Socks5Client(TO, LOGIN), ['0500', GRANTED]).sent, ['05020200', REQUEST]);
  });

  test('offers nothing but the login where it is required', () => {
    const client = new Socks5Client(TO, { ...LOGIN, isRequired: true });
    assert.deepEqual(play(client, ['0502']).sent[0], '050102');
    const chosen = play(new Socks5Client(TO, { ...LOGIN, isRequired: true }), ['0500']);
    assert.equal(chosen.result?.kind, 'invalid');
  });

  test('takes the answer to a login also from a server that calls it version 5', () => {
    assert.deepEqual(play(new Socks5Client(TO, LOGIN), ['0502', '0500', GRANTED]).result, { kind: 'connected' });
    assert.equal(play(new Socks5Client(TO, LOGIN), ['0502', '0700']).result?.kind, 'invalid');
  });

  test('tells a refused login from a server that accepts no method', () => {
    assert.deepEqual(play(new Socks5Client(TO, LOGIN), ['0502', '0101']).result, { kind: 'auth_failed' });
    assert.deepEqual(play(new Socks5Client(TO, null), ['05ff']).result, { kind: 'no_method' });
  });

  for (const [name, bound] of [
    ['IPv4', '01 7f000001 1f90'],
    ['IPv6', `04 ${'00'.repeat(15)}01 1f90`],
    ['a name', '03 09 612e6578616d706c65 1f90'],
    ['an empty name', '03 00 1f90'],
  ] as const) {
    test(`reads a reply bound to ${name} to its end and not further, in portions of any size`, () => {
      for (const size of [1, 2, 3, 5, 7, 4096]) {
        const { result, left } = play(new Socks5Client(TO, null), ['0500', `050000${bound} 535348`], size);
        assert.deepEqual(result, { kind: 'connected' });
        // The portion in which the reply ended may hold more.
        assert.ok('535348'.endsWith(left) || left.endsWith('535348'));
        if (size === 4096) assert.equal(left, '535348');
      }
    });
  }

  test('knows a refusal by its first two bytes', () => {
    for (let reply = 1; reply <= 9; reply += 1) {
      const { result } = play(new Socks5Client(TO, null), ['0500', `050${reply}`]);
      assert.deepEqual(result, { kind: 'refused', reply });
    }
  });

  test('refuses what is not SOCKS5', () => {
    const invalid = ['4854', '0400', '0501'].map((answer) => play(new Socks5Client(TO, null), [answer]).result?.kind);
    assert.deepEqual(invalid, ['invalid', 'invalid', 'invalid']);
    const replies = ['4854', '0500000900'].map((answer) => play(new Socks5Client(TO, null), ['0500', answer]).result);
    assert.deepEqual(
      replies.map((result) => result?.kind),
      ['invalid', 'invalid'],
    );
  });

  test('cannot be made for words that do not fit', () => {
    const long = 'x'.repeat(256);
    assert.throws(() => new Socks5Client({ host: long, port: 1 }, null), RangeError);
    assert.throws(() => new Socks5Client(TO, { ...LOGIN, username: long }), RangeError);
    assert.throws(() => new Socks5Client(TO, { ...LOGIN, password: '' }), RangeError);
  });
});

describe('a SOCKS4 client', () => {
  test('asks for an address in version 4, and for a name in 4a', () => {
    assert.equal(
      new Socks4Client({ host: '10.1.2.3', port: 80 }, '').takeOutput()?.toString('hex'),
      '040100500a01020300',
    );
    assert.equal(
      new Socks4Client(TO, 'me').takeOutput()?.toString('latin1'),
      '\x04\x01\x01\xbb\0\0\0\x01me\0a.example\0',
    );
  });

  test('reads eight bytes and leaves the rest', () => {
    const { result, left } = play(new Socks4Client(TO, ''), ['005a 0000 00000000 535348']);
    assert.deepEqual(result, { kind: 'connected' });
    assert.equal(left, '535348');
    assert.deepEqual(play(new Socks4Client(TO, ''), ['045a 0000 00000000'], 1).result, { kind: 'connected' });
  });

  test('tells a refusal from an identity that was not believed', () => {
    assert.deepEqual(play(new Socks4Client(TO, ''), ['005b000000000000']).result, { kind: 'refused', reply: 1 });
    assert.deepEqual(play(new Socks4Client(TO, ''), ['005c000000000000']).result, { kind: 'auth_failed' });
    assert.deepEqual(play(new Socks4Client(TO, ''), ['005d000000000000']).result, { kind: 'auth_failed' });
  });

  test('refuses what is not SOCKS4', () => {
    assert.equal(play(new Socks4Client(TO, ''), ['48']).result?.kind, 'invalid');
    assert.equal(play(new Socks4Client(TO, ''), ['0001000000000000']).result?.kind, 'invalid');
  });

  test('cannot be made for IPv6, nor for words with a zero or of more than 255 bytes', () => {
    assert.throws(() => new Socks4Client({ host: '::1', port: 1 }, ''), RangeError);
    assert.throws(() => new Socks4Client(TO, 'a\0b'), RangeError);
    assert.throws(() => new Socks4Client({ host: 'x'.repeat(256), port: 1 }, ''), RangeError);
  });
});
