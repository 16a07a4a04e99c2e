import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DestinationMemory, destinationOf, isLoopbackName } from './destination.ts';

function scope(host: string): string | null {
  const destination = destinationOf(host);
  assert.ok(destination, host);
  return destination.scope;
}

describe('a destination', () => {
  for (const [written, host] of [
    ['Example.COM.', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7f000001', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1'],
    ['１２７.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
    ['[::FFFF:7f00:1]', '127.0.0.1'],
    ['[fe80::1%eth0]', 'fe80::1'],
    ['a_b.example', 'a_b.example'],
  ] as const) {
    test(`${written} is ${host}`, () => assert.equal(destinationOf(written)?.host, host));
  }

  test('is none without a host that can be', () => {
    for (const host of ['', '.', 'a b', 'a/b', 'a..b', '[::1', 'x:y', '-a.example', 'a'.repeat(64), '\0', 'a@b']) {
      assert.equal(destinationOf(host), null, host);
    }
  });

  test('has an address when it is one', () => {
    assert.equal(destinationOf('0x7f.1')?.ip?.family, 4);
    assert.equal(destinationOf('a.example')?.ip, null);
  });
});

describe('how far an address reaches', () => {
  for (const [expected, hosts] of [
    ['loopback', ['127.0.0.1', '127.255.255.254', '127.1', '0x7f000001', '::1', '[::ffff:127.0.0.1]', '::127.0.0.1']],
    ['loopback', ['64:ff9b::7f00:1', '2002:7f00:1::', 'localhost', 'A.LOCALHOST', 'localhost.', 'ip6-localhost']],
    ['unspecified', ['0.0.0.0', '0', '::', '[::ffff:0.0.0.0]']],
    ['link_local', ['169.254.169.254', '0xa9fea9fe', '2852039166', 'fe80::1%eth0', '[::ffff:169.254.169.254]']],
    [
      'private',
      ['10.0.0.1', '172.16.0.1', '192.168.1', '100.64.0.1', 'fd00::1', 'fec0::1', '0.0.0.1', '64:ff9b::10.0.0.1'],
    ],
    ['private', ['224.0.0.1', '255.255.255.255', 'ff02::1', '192.0.2.1', '2001:db8::1']],
    ['public', ['8.8.8.8', '172.32.0.1', '2606:4700::1', '64:ff9b::8.8.8.8']],
    [null, ['example.com', 'localhost.example.com', 'notlocalhost', '10.0.0.1.nip.example']],
  ] as const) {
    test(`is ${expected ?? 'not known'} for ${hosts.join(' ')}`, () => {
      for (const host of hosts) assert.equal(scope(host), expected, host);
    });
  }
});

test('names of this machine are those of the standard and of the usual hosts file', () => {
  assert.deepEqual(
    ['localhost', 'x.localhost', 'localhost.localdomain', 'ip6-loopback', 'local', 'xlocalhost'].map(isLoopbackName),
    [true, true, true, true, false, false],
  );
});

test('a host is read once, and no more are kept than a bound', () => {
  const memory = new DestinationMemory();
  const first = memory.read('A.example');
  assert.deepEqual(first, destinationOf('A.example'));
  assert.equal(memory.read('A.example'), first);
  assert.equal(memory.read('a b'), null);
  for (let count = 0; count < 5000; count += 1) memory.read(`h${count}.example`);
  assert.notEqual(memory.read('A.example'), first);
  const long = `${'a.'.repeat(200)}example`;
  assert.equal(memory.read(long), null);
});
