import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalHost } from './address.ts';
import { parseIp } from './ip.ts';
import { NoProxyList, parseNoProxyEntry, splitNoProxy } from './no-proxy.ts';

function matches(list: string, host: string, port = 443): boolean {
  const entries = splitNoProxy(list).map((text) => {
    const entry = parseNoProxyEntry(text);
    assert.ok(entry, text);
    return entry;
  });
  const canonical = canonicalHost(host);
  return new NoProxyList(entries).matches({ host: canonical, ip: parseIp(canonical) ?? null }, port);
}

describe('NO_PROXY', () => {
  for (const [list, yes, no] of [
    [
      'example.com',
      ['example.com', 'a.example.com', 'A.B.EXAMPLE.COM', 'example.com.'],
      ['badexample.com', 'com', 'example.com.org'],
    ],
    ['.example.com', ['example.com', 'a.example.com'], ['xexample.com']],
    ['*.Example.COM.', ['example.com', 'a.example.com'], ['other']],
    ['localhost', ['localhost', 'a.localhost'], ['127.0.0.1', 'localhost.example']],
    ['*', ['a', '10.0.0.1', '[::1]', 'a.b.c'], []],
    ['10.0.0.0/8', ['10.1.2.3', '0x0a000001', '[::ffff:10.0.0.1]'], ['11.0.0.1', 'a10.0.0.1.example']],
    ['192.168.1.1', ['192.168.1.1', '3232235777'], ['192.168.1.2']],
    ['fd00::/8,[::1]', ['[fd12::1]', '::1'], ['[2001:db8::1]']],
    ['::1', ['[::1]', '0:0:0:0:0:0:0:1'], ['127.0.0.1']],
    ['a.example b.example,\tc.example', ['a.example', 'b.example', 'c.example'], ['d.example']],
    ['', [], ['a', '10.0.0.1']],
  ] as const) {
    test(`"${list}" means what is written, and nothing beside it`, () => {
      for (const host of yes) assert.ok(matches(list, host), host);
      for (const host of no) assert.ok(!matches(list, host), host);
    });
  }

  test('entries with a port are for that port alone', () => {
    const list = 'a.example:8080, a.example:81, [::1]:90, 10.0.0.1:91, *:92, b.example, b.example:1';
    for (const [host, port, expected] of [
      ['a.example', 8080, true],
      ['x.a.example', 81, true],
      ['a.example', 443, false],
      ['::1', 90, true],
      ['::1', 91, false],
      ['10.0.0.1', 91, true],
      ['10.0.0.1', 90, false],
      ['anything', 92, true],
      ['b.example', 7, true],
    ] as const) {
      assert.equal(matches(list, host, port), expected, `${host}:${port}`);
    }
  });

  test('a name is never an address, whatever it ends with', () => {
    assert.ok(!matches('1.2.3.4', 'x.1.2.3.4.example'));
    assert.ok(!matches('4', '1.2.3.4'));
  });

  test('what is neither a host nor a network is no entry', () => {
    for (const text of [
      '',
      ':80',
      'a:0',
      'a:99999',
      'a b',
      'http://a',
      'a/24',
      '[10.0.0.0/8]',
      'a*b',
      '*.',
      '[x]',
      '::1:x',
    ]) {
      assert.equal(parseNoProxyEntry(text), undefined, text);
    }
  });
});
