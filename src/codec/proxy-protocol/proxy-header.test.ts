import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';
import {
  formatProxyHeaderV1,
  formatProxyHeaderV2,
  MAX_PROXY_HEADER_BYTES,
  parseProxyHeader,
  type ProxiedEnds,
} from './proxy-header.ts';

const ENDS_V4: ProxiedEnds = {
  sourceAddress: '192.0.2.1',
  sourcePort: 56324,
  destinationAddress: '198.51.100.7',
  destinationPort: 443,
};
const ENDS_V6: ProxiedEnds = { ...ENDS_V4, sourceAddress: '2001:db8::1', destinationAddress: '2001:db8::2' };
const V2_SIGNATURE = '0d0a0d0a000d0a515549540a';
const V2_ADDRESSES = 'c0000201c6336407dc0401bb';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function invalidReason(bytes: Buffer): string {
  const parsed = parseProxyHeader(bytes);
  assert.ok(parsed !== undefined && 'invalid' in parsed, `${bytes.toString('latin1')} is refused`);
  return parsed.invalid;
}

describe('version 1', () => {
  test('TCP4 and TCP6 lines give both ends, and say where the rest begins', () => {
    const line = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n';
    assert.deepEqual(parseProxyHeader(latin1(`${line}GET / HTTP/1.1\r\n`)), {
      version: 1,
      length: line.length,
      ends: ENDS_V4,
    });
    const six = 'PROXY TCP6 2001:db8::1 2001:DB8:0::2 56324 443\r\n';
    assert.deepEqual(parseProxyHeader(latin1(six)), { version: 1, length: six.length, ends: ENDS_V6 });
  });

  test('UNKNOWN means the connection speaks for itself, whatever follows', () => {
    for (const line of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 nonsense 1 2\r\n']) {
      assert.deepEqual(parseProxyHeader(latin1(line)), { version: 1, length: line.length, ends: null });
    }
  });

  for (const [line, reason] of [
    ['PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n', /CR LF/],
    ['PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n', /port/],
    ['PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n', /malformed/],
    ['PROXY TCP4  192.0.2.1 198.51.100.7 56324 443\r\n', /malformed/],
    ['PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n', /port/],
    ['PROXY TCP4 192.0.2.1 198.51.100.7 056324 443\r\n', /port/],
    ['PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n', /port/],
    ['PROXY TCP4 192.0.2.01 198.51.100.7 56324 443\r\n', /address/],
    ['PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n', /address/],
    ['PROXY TCP6 192.0.2.1 198.51.100.7 56324 443\r\n', /address/],
    ['PROXY TCP6 fe80::1%eth0 fe80::2 56324 443\r\n', /address/],
    ['PROXY UDP4 192.0.2.1 198.51.100.7 56324 443\r\n', /malformed/],
    ['PROXY UNKNOWNS\r\n', /malformed/],
    ['PROXY \r\n', /malformed/],
    ['proxy UNKNOWN\r\n', /signature/],
    ['GET / HTTP/1.1\r\n', /signature/],
    [`PROXY UNKNOWN ${'x'.repeat(120)}\r\n`, /107/],
    [`PROXY ${'x'.repeat(120)}`, /107/],
  ] as const) {
    test(`refuses ${JSON.stringify(line.slice(0, 60))}`, () => assert.match(invalidReason(latin1(line)), reason));
  }

  test('the longest line of the specification is taken', () => {
    const address = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    const line = `PROXY UNKNOWN ${address} ${address} 65535 65535\r\n`;
    assert.equal(line.length, 107);
    assert.deepEqual(parseProxyHeader(latin1(line)), { version: 1, length: 107, ends: null });
  });
});

describe('version 2', () => {
  test('a TCP over IPv4 head gives both ends', () => {
    assert.deepEqual(parseProxyHeader(hex(`${V2_SIGNATURE} 21 11 000c ${V2_ADDRESSES} 474554`)), {
      version: 2,
      length: 28,
      ends: ENDS_V4,
    });
  });

  test('an IPv4 address inside IPv6 comes out as IPv4', () => {
    const mapped = '00000000000000000000ffffc0000201';
    const parsed = parseProxyHeader(hex(`${V2_SIGNATURE} 21 21 0024 ${mapped} ${mapped} dc04 01bb`));
    assert.ok(parsed !== undefined && 'ends' in parsed);
    assert.equal(parsed.ends?.sourceAddress, '192.0.2.1');
  });

  test('extra fields are skipped', () => {
    const parsed = parseProxyHeader(hex(`${V2_SIGNATURE} 21 11 0017 ${V2_ADDRESSES} 010002 6832 040003 000000`));
    assert.deepEqual(parsed, { version: 2, length: 39, ends: ENDS_V4 });
  });

  test('LOCAL, unix and datagram heads mean the connection speaks for itself', () => {
    for (const head of [
      '20 00 0000',
      '20 11 000c ' + V2_ADDRESSES,
      '20 00 0002 ffff',
      '21 00 0000',
      '21 12 000c ' + V2_ADDRESSES,
      `21 31 00d8 ${'00'.repeat(216)}`,
    ]) {
      const bytes = hex(V2_SIGNATURE + head);
      assert.deepEqual(parseProxyHeader(bytes), { version: 2, length: bytes.length, ends: null }, head);
    }
  });

  test('a checksum must be right when there is one', () => {
    const head = hex(`${V2_SIGNATURE} 21 11 0013 ${V2_ADDRESSES} 030004 00000000`);
    const right = Buffer.from(head);
    right.writeUInt32BE(crc32c(head), head.length - 4);
    assert.deepEqual(parseProxyHeader(right), { version: 2, length: 35, ends: ENDS_V4 });
    assert.match(invalidReason(head), /checksum is wrong/);
    assert.match(
      invalidReason(hex(`${V2_SIGNATURE} 21 11 0012 ${V2_ADDRESSES} 030003 000000`)),
      /checksum is malformed/,
    );
  });

  for (const [head, reason] of [
    ['11 11 000c', /version/],
    ['22 11 000c', /command/],
    ['21 41 000c', /family/],
    ['21 13 000c', /transport/],
    ['21 11 000b', /too short/],
    ['21 21 000c', /too short/],
    ['21 11 ffff', /longer than/],
    [`21 11 000e ${V2_ADDRESSES} 0100`, /cut off/],
    [`21 11 000f ${V2_ADDRESSES} 010001`, /cut off/],
  ] as const) {
    test(`refuses ${head}`, () => assert.match(invalidReason(hex(V2_SIGNATURE + head)), reason));
  }
});

const ends = fc.record(
  {
    sourceAddress: fc.ipV4(),
    sourcePort: fc.integer({ min: 0, max: 65535 }),
    destinationAddress: fc.ipV4(),
    destinationPort: fc.integer({ min: 0, max: 65535 }),
  },
  { noNullPrototype: true },
);

function endsOf(bytes: Buffer): ProxiedEnds | null {
  const parsed = parseProxyHeader(bytes);
  assert.ok(parsed !== undefined && 'ends' in parsed);
  return parsed.ends;
}

describe('both versions', () => {
  for (const [name, format] of [
    ['1', formatProxyHeaderV1],
    ['2', formatProxyHeaderV2],
  ] as const) {
    test(`what version ${name} writes reads back the same`, () => {
      for (const each of [ENDS_V4, ENDS_V6, null]) {
        const bytes = format(each);
        assert.deepEqual(parseProxyHeader(bytes), { version: Number(name), length: bytes.length, ends: each });
      }
      fc.assert(fc.property(ends, (each) => assert.deepEqual(endsOf(format(each)), each)));
    });

    test(`ends of two families or without an IP address are not named by version ${name}`, () => {
      for (const each of [
        { ...ENDS_V4, destinationAddress: '::1' },
        { ...ENDS_V4, sourceAddress: '' },
      ]) {
        assert.deepEqual(format(each), format(null));
      }
    });

    test(`a version ${name} head asks for more until its last byte`, () => {
      const bytes = format(ENDS_V6);
      for (let length = 0; length < bytes.length; length += 1) {
        assert.equal(parseProxyHeader(bytes.subarray(0, length)), undefined, `${length} bytes`);
      }
    });
  }

  test('no input makes it throw, ask for more than the limit or read past what it was given', () => {
    const start = fc.constantFrom(
      '',
      'PROXY ',
      'PROXY TCP4 ',
      V2_SIGNATURE,
      `${V2_SIGNATURE}2111`,
      `${V2_SIGNATURE}2121`,
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (prefix, rest) => {
        const bytes = Buffer.concat([prefix.startsWith('P') ? latin1(prefix) : hex(prefix), rest]);
        const parsed = parseProxyHeader(bytes);
        if (parsed !== undefined && 'length' in parsed) assert.ok(parsed.length <= bytes.length);
        const whole = Buffer.concat([bytes, Buffer.alloc(MAX_PROXY_HEADER_BYTES)]);
        assert.notEqual(parseProxyHeader(whole), undefined);
      }),
    );
  });
});
