import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  formatIp,
  isLoopback,
  isPrivate,
  isUnspecified,
  parseIp,
  parseIpRange,
  parseLooseIpv4,
  rangeContains,
  rangesContain,
  type IpAddress,
} from './ip.ts';

function ip(text: string): IpAddress {
  const address = parseIp(text);
  assert.ok(address !== undefined, `${text} is an address`);
  return address;
}

function contains(range: string, address: string): boolean {
  const parsed = parseIpRange(range);
  assert.ok(parsed !== undefined, `${range} is a range`);
  return rangeContains(parsed, ip(address));
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes.every((octet, index) => index >= 12 || octet === (index >= 10 ? 255 : 0));
}

describe('parseIp and formatIp', () => {
  for (const [text, canonical] of [
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['0001:0002:0003:0004:0005:0006:0007:0008', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:0a01:0203', '10.1.2.3'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['fe80::1%eth0', 'fe80::1'],
  ] as const) {
    test(`${text} is ${canonical}`, () => assert.equal(formatIp(ip(text)), canonical));
  }

  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.٤',
    '1..2.3',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    '1::2::3',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '::1%',
    '[::1]',
  ]) {
    test(`"${text}" is not an address`, () => assert.equal(parseIp(text), undefined));
  }

  test('every address reads back from its canonical spelling', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        const text = formatIp({ family: value.length === 4 ? 4 : 6, bytes: value });
        // An IPv4 address that is mapped into IPv6 is read as what it is.
        fc.pre(!isMapped(value));
        assert.equal(formatIp(ip(text)), text);
      }),
      { examples: [[Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 254, 0, 0, 0, 0])]] },
    );
    assert.equal(formatIp(ip('::ffff:0:0')), '0.0.0.0');
  });

  test('what it accepts, Node accepts too, and the other way round', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', 'f', '9', ':', '::', '.', '25'), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) =>
        assert.equal(parseIp(candidate) !== undefined, net.isIP(candidate) !== 0, candidate),
      ),
      { numRuns: 3000 },
    );
  });
});

describe('parseLooseIpv4', () => {
  for (const text of [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
  ]) {
    test(`recognises ${text} as 127.0.0.1`, () => assert.equal(formatIp(parseLooseIpv4(text)!), '127.0.0.1'));
  }

  for (const text of [
    '',
    '.',
    '256.1',
    '1.2.3.256',
    '4294967296',
    '1.2.3.4.5',
    '08.1',
    '0xg',
    'localhost',
    '1e3',
    '-1',
    '1..2',
  ]) {
    test(`"${text}" is not IPv4 to anybody`, () => assert.equal(parseLooseIpv4(text), undefined));
  }

  test('agrees with the URL parser', () => {
    const text = fc.string({
      unit: fc.constantFrom('0', '1', '7', '9', '255', '0x', 'f', '.'),
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(text, (candidate) => {
        const host = URL.canParse(`http://${candidate}/`) ? new URL(`http://${candidate}/`).hostname : '';
        const loose = parseLooseIpv4(candidate);
        assert.equal(loose === undefined ? undefined : formatIp(loose), net.isIPv4(host) ? host : undefined, candidate);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('IP ranges', () => {
  for (const [range, address, expected] of [
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    ['10.1.2.3/8', '10.200.0.1', true],
    ['192.168.4.0/22', '192.168.7.255', true],
    ['192.168.4.0/22', '192.168.8.0', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '8.8.8.8', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::1/128', '::1', true],
  ] as const) {
    test(`${range} ${expected ? 'contains' : 'does not contain'} ${address}`, () =>
      assert.equal(contains(range, address), expected));
  }

  for (const text of [
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '::/129',
    '::ffff:10.0.0.0/8',
    'fe80::1%eth0/64',
    '10/8',
  ]) {
    test(`"${text}" is not a range`, () => assert.equal(parseIpRange(text), undefined));
  }

  test('several ranges contain what one of them contains', () => {
    const ranges = [parseIpRange('10.0.0.0/8')!, parseIpRange('fd00::/8')!];
    assert.equal(rangesContain(ranges, ip('fd12::1')), true);
    assert.equal(rangesContain(ranges, ip('fe12::1')), false);
  });
});

describe('what an address is for', () => {
  for (const text of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1']) {
    test(`${text} is loopback`, () => assert.equal(isLoopback(ip(text)), true));
  }

  for (const text of ['128.0.0.1', '0.0.0.0', '::', '::2']) {
    test(`${text} is not loopback`, () => assert.equal(isLoopback(ip(text)), false));
  }

  test('0.0.0.0 and :: are unspecified', () => {
    assert.equal(isUnspecified(ip('0.0.0.0')), true);
    assert.equal(isUnspecified(ip('::')), true);
    assert.equal(isUnspecified(ip('::1')), false);
  });

  for (const text of [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::1',
  ]) {
    test(`${text} is private`, () => assert.equal(isPrivate(ip(text)), true));
  }

  for (const text of [
    '1.1.1.1',
    '100.128.0.1',
    '172.32.0.1',
    '192.167.0.1',
    '2606:4700::1111',
    '64:ff9b::1.1.1.1',
    '2002:101:101::1',
    '::ffff:1.1.1.1',
  ]) {
    test(`${text} is public`, () => assert.equal(isPrivate(ip(text)), false));
  }
});
