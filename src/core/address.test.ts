import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canonicalHost,
  formatAddress,
  formatHostPort,
  isHostName,
  isLocalAddress,
  isLoopbackName,
  parseAddress,
  parsePort,
} from './address.ts';

const tcp = (host: string, port: number): object => ({ kind: 'tcp', host, port });

describe('parseAddress', () => {
  for (const [text, expected] of [
    ['127.0.0.1:8080', tcp('127.0.0.1', 8080)],
    ['Example.COM:443', tcp('example.com', 443)],
    ['[::1]:8080', tcp('::1', 8080)],
    ['[2001:DB8::0:1]:80', tcp('2001:db8::1', 80)],
    ['[fe80::1%Eth0]:80', tcp('fe80::1%eth0', 80)],
    ['[::ffff:10.0.0.1]:80', tcp('10.0.0.1', 80)],
    ['localhost:0', tcp('localhost', 0)],
    ['*:8080', tcp('', 8080)],
    ['unix:/run/sluice.sock', { kind: 'unix', path: '/run/sluice.sock' }],
  ] as const) {
    test(`reads ${text}`, () => assert.deepEqual(parseAddress(text), expected));
  }

  for (const [text, defaults, expected] of [
    [':8080', { host: '0.0.0.0' }, tcp('0.0.0.0', 8080)],
    ['8080', { host: '127.0.0.1' }, tcp('127.0.0.1', 8080)],
    ['example.com', { port: 80 }, tcp('example.com', 80)],
    ['[::1]', { port: 80 }, tcp('::1', 80)],
    ['::1', { port: 80 }, tcp('::1', 80)],
  ] as const) {
    test(`reads ${text} with ${JSON.stringify(defaults)}`, () =>
      assert.deepEqual(parseAddress(text, defaults), expected));
  }

  for (const [text, reason] of [
    ['', /empty/],
    ['8080', /port is missing/],
    [':8080', /host is missing/],
    ['example.com', /port is missing/],
    ['example.com:', /port is missing/],
    ['example.com:http', /not a number/],
    ['example.com:65536', /not a number/],
    ['example.com:-1', /not a number/],
    ['example.com: 80', /not a number/],
    ['exa mple.com:80', /not a name/],
    ['user@example.com:80', /not a name/],
    ['exam/ple:80', /not a name/],
    ['-example.com:80', /not a name/],
    ['::1:80', /\[address\]:port/],
    ['a:b:c', /more than one ":"/],
    ['[::1:80', /"\]" is missing/],
    ['[127.0.0.1]:80', /not an IPv6 address/],
    ['[::1]80', /only ":port"/],
    ['[::1]', /port is missing/],
    ['127.1:80', /would mean 127\.0\.0\.1/],
    ['0x7f000001:80', /would mean 127\.0\.0\.1/],
    ['unix:', /path/],
    ['unix:/a\0b', /NUL/],
  ] as const) {
    test(`refuses ${JSON.stringify(text)} and says why`, () => {
      const parsed = parseAddress(text);
      assert.equal(parsed.kind, 'invalid');
      assert.match(parsed.kind === 'invalid' ? parsed.reason : '', reason);
    });
  }
});

describe('formatting', () => {
  test('an address reads back from what it is written as', () => {
    for (const text of ['127.0.0.1:8080', 'example.com:443', '[::1]:8080', 'unix:/run/sluice.sock']) {
      const parsed = parseAddress(text);
      assert.ok(parsed.kind !== 'invalid');
      assert.equal(formatAddress(parsed), text);
    }
  });

  test('IPv6 hosts get brackets', () => {
    assert.equal(formatHostPort('::1', 80), '[::1]:80');
    assert.equal(formatHostPort('example.com', 80), 'example.com:80');
  });
});

describe('parsePort', () => {
  test('takes 1 to 65535, and 0 only when asked', () => {
    assert.equal(parsePort('1'), 1);
    assert.equal(parsePort('65535'), 65535);
    assert.equal(parsePort('0'), -1);
    assert.equal(parsePort('0', true), 0);
    for (const text of ['', '65536', '+80', '80 ', '0x50', '8e1', '١']) assert.equal(parsePort(text), -1, text);
  });
});

describe('canonicalHost', () => {
  for (const [text, expected] of [
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['127.1', '127.0.0.1'],
    ['0x7f.0.0.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1'],
    ['[::1]', '::1'],
    ['[::FFFF:127.0.0.1]', '127.0.0.1'],
    ['0:0:0:0:0:0:0:1', '::1'],
  ] as const) {
    test(`${text} compares as ${expected}`, () => assert.equal(canonicalHost(text), expected));
  }
});

describe('isHostName', () => {
  for (const text of [
    'a',
    'localhost',
    'example.com',
    'example.com.',
    'xn--bcher-kva.example',
    '_acme.example.com',
    'a-b.c1',
  ]) {
    test(`${text} is a name`, () => assert.equal(isHostName(text), true));
  }

  for (const text of [
    '',
    '.',
    '-a',
    'a-',
    'a..b',
    'a b',
    'bücher',
    `${'a'.repeat(64)}.com`,
    Array(64).fill('abc').join('.'),
  ]) {
    test(`"${text}" is not a name`, () => assert.equal(isHostName(text), false));
  }

  test('takes no time for a long name that almost fits', () => {
    assert.equal(isHostName(`${'a-'.repeat(5000)}!`), false);
  });
});

test('an address is local when only this machine can get there', () => {
  for (const local of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1', 'unix:/a', '[::ffff:127.0.0.1]:1']) {
    assert.ok(isLocalAddress(local), local);
  }
  for (const open of [':1', '0.0.0.0:1', '[::]:1', '10.0.0.1:1', 'proxy.example:1', '*:1']) {
    assert.ok(!isLocalAddress(open), open);
  }
});

test('a name stands for this machine when nobody else can say otherwise', () => {
  for (const name of ['localhost', 'Localhost.', 'a.localhost', '127.0.0.1', '127.1', '[::1]', '::ffff:127.0.0.1']) {
    assert.equal(isLoopbackName(name), true, name);
  }
  for (const name of ['', 'localhost.test', 'xlocalhost', '10.0.0.1', '0.0.0.0', '::']) {
    assert.equal(isLoopbackName(name), false, name);
  }
});
