import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { countedWord, readIp, socks5Address } from './socks-words.ts';

describe('an address in SOCKS5', () => {
  test('is four bytes for IPv4, sixteen for IPv6, and a counted name for everything else', () => {
    assert.equal(socks5Address({ host: '10.0.0.1', port: 443 }).toString('hex'), '010a00000101bb');
    assert.equal(socks5Address({ host: '::1', port: 80 }).toString('hex'), `04${'00'.repeat(15)}010050`);
    assert.equal(socks5Address({ host: 'a.example', port: 258 }).toString('latin1'), '\x03\x09a.example\x01\x02');
  });

  test('cannot hold a name of more than 255 bytes, or an empty one', () => {
    assert.throws(() => socks5Address({ host: 'a'.repeat(256), port: 1 }), RangeError);
    assert.throws(() => socks5Address({ host: '', port: 1 }), RangeError);
  });
});

test('a counted word counts bytes, not characters', () => {
  assert.equal(countedWord('ü').toString('hex'), '02c3bc');
  assert.equal(countedWord('ü'.repeat(127)).length, 255);
  assert.throws(() => countedWord('ü'.repeat(128)), RangeError);
});

test('an IPv4 address inside IPv6 is read as the IPv4 address', () => {
  assert.equal(readIp(Buffer.from('00000000000000000000ffff7f000001', 'hex')), '127.0.0.1');
  assert.equal(readIp(Buffer.from('20010db8000000000000000000000001', 'hex')), '2001:db8::1');
  assert.equal(readIp(Buffer.of(127, 0, 0, 1)), '127.0.0.1');
});
