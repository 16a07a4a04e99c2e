import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEX, HOST, TARGET, TOKEN, VALUE } from './octets.ts';

function allowed(table: Uint8Array): string {
  return Array.from(table.keys())
    .filter((octet) => table[octet] !== 0)
    .map((octet) => String.fromCharCode(octet))
    .join('');
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('the octet tables', () => {
  test('a token consists of the characters that RFC 9110 lists', () => {
    assert.deepEqual(new Set(allowed(TOKEN)), new Set(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`));
  });

  test('a token character stands for itself in lower case', () => {
    for (const character of allowed(TOKEN)) {
      assert.equal(TOKEN[character.charCodeAt(0)], character.toLowerCase().charCodeAt(0));
    }
  });

  test('a target consists of visible ASCII, the number sign aside', () => {
    const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(index + 33));
    assert.deepEqual(new Set(allowed(TARGET)), new Set(visible.filter((character) => character !== '#')));
  });

  test('a value consists of tab, space, visible ASCII and what lies above ASCII', () => {
    for (let octet = 0; octet < 256; octet++) {
      const isAllowed = octet === 9 || (octet >= 32 && octet !== 127);
      assert.equal(VALUE[octet] !== 0, isAllowed, String(octet));
    }
  });

  test('a host name consists of unreserved characters and sub-delims, the comma aside', () => {
    assert.deepEqual(new Set(allowed(HOST)), new Set(`${ALPHANUMERIC}-._~!$&'()*+;=`));
  });

  test('a hexadecimal digit stands for its value plus one', () => {
    assert.equal(allowed(HEX), '0123456789ABCDEFabcdef');
    for (const digit of allowed(HEX)) assert.equal(HEX[digit.charCodeAt(0)], Number.parseInt(digit, 16) + 1);
  });
});
