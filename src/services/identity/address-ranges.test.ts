import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatIp, parseIp, parseIpRange, rangeContains } from '../../core/ip.ts';
import { AddressRanges } from './address-ranges.ts';

describe('a set of networks', () => {
  test('has the addresses within, of both families', () => {
    const ranges = new AddressRanges(['10.0.0.0/8', '192.168.1.128/25', '203.0.113.7', '2001:db8::/33', '::1']);
    for (const address of ['10.255.0.1', '192.168.1.128', '203.0.113.7', '2001:db8:7fff::1', '::1']) {
      assert.ok(ranges.has(address), address);
    }
    for (const address of ['11.0.0.1', '192.168.1.127', '203.0.113.8', '2001:db8:8000::1', '::2']) {
      assert.ok(!ranges.has(address), address);
    }
  });

  test('knows an IPv4 address in its IPv6 spelling, and a network of such', () => {
    assert.ok(new AddressRanges(['10.0.0.0/8']).has('::ffff:10.1.2.3'));
    assert.ok(new AddressRanges(['::ffff:10.0.0.0/104']).has('10.1.2.3'));
    assert.ok(!new AddressRanges(['::/0']).has('10.1.2.3'));
  });

  test('may have every address of a family', () => {
    assert.ok(new AddressRanges(['0.0.0.0/0']).has('203.0.113.1'));
    assert.ok(new AddressRanges(['::/0']).has('2001:db8::1'));
  });

  test('does not have what is no address', () => {
    const ranges = new AddressRanges(['0.0.0.0/0', '::/0']);
    for (const text of ['', 'unknown', '10.0.0', '010.0.0.1', '10.0.0.1:80', '[::1]'])
      assert.ok(!ranges.has(text), text);
    assert.throws(() => new AddressRanges(['example.com']), /not a network/);
  });

  test('answers the same each time, however many addresses it is asked about', () => {
    const ranges = new AddressRanges(['10.1.0.0/16']);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 10_000; i++) {
        const address = `10.${i >> 12}.${(i >> 4) & 0xff}.${i & 0xf}`;
        assert.equal(ranges.has(address), i >> 12 === 1, address);
      }
    }
  });

  test('has what one of its networks contains, and nothing else', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((text) => formatIp(parseIp(text) ?? assert.fail(text))),
    );
    const range = address.chain((text) =>
      fc.integer({ min: 0, max: text.includes(':') ? 128 : 32 }).map((bits) => `${text}/${bits}`),
    );
    fc.assert(
      fc.property(fc.array(range, { maxLength: 5 }), address, (texts, text) => {
        const asked = parseIp(text) ?? assert.fail(text);
        const wanted = texts.some((each) => rangeContains(parseIpRange(each) ?? assert.fail(each), asked));
        assert.equal(new AddressRanges(texts).has(text), wanted);
      }),
    );
  });
});
