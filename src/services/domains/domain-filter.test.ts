import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { destinationOf } from '../rules/destination.ts';
import { DomainFilter, domainSetOfPatterns } from './domain-filter.ts';

function filterOf(mode: 'blocklist' | 'allowlist', ...patterns: readonly string[]): DomainFilter {
  const half = Math.ceil(patterns.length / 2);
  const [first, second] = [patterns.slice(0, half), patterns.slice(half)];
  return new DomainFilter({
    mode,
    sources: [
      { name: 'domains', from: 'position', set: domainSetOfPatterns(first) },
      { name: '/lists/b.txt', from: 'line', set: domainSetOfPatterns(second) },
    ],
  });
}

const PATTERNS = ['a.test', '*.b.test', '192.0.2.7', '2001:db8::1'];
const SPELLINGS: readonly (readonly [host: string, isListed: boolean])[] = [
  ['a.test', true],
  ['A.TEST', true],
  ['a.test.', true],
  ['www.a.test', false],
  ['b.test', false],
  ['x.y.b.test', true],
  ['X.B.Test.', true],
  ['192.0.2.7', true],
  ['0xc0000207', true],
  ['192.0.519', true],
  ['3221225991', true],
  ['::ffff:192.0.2.7', true],
  ['[::ffff:c000:207]', true],
  ['[2001:DB8:0::1]', true],
  ['192.0.2.8', false],
  ['[2001:db8::2]', false],
  ['c.test', false],
];

describe('a filter of domains', () => {
  test('keeps out what stands on a blocklist, in any spelling', () => {
    const filter = filterOf('blocklist', ...PATTERNS);
    for (const [host, isListed] of SPELLINGS) assert.equal(filter.lets(host), !isListed, host);
  });

  test('lets in what stands on an allowlist, and nothing else', () => {
    const filter = filterOf('allowlist', ...PATTERNS);
    for (const [host, isListed] of SPELLINGS) assert.equal(filter.lets(host), isListed, host);
  });

  test('knows names in other scripts', () => {
    const filter = filterOf('blocklist', 'xn--bcher-kva.example');
    for (const host of ['bücher.example', 'BÜCHER.example', 'xn--bcher-kva.example', 'XN--BCHER-KVA.EXAMPLE.']) {
      assert.equal(filter.lets(host), false, host);
    }
  });

  test('does not let in what nobody can read', () => {
    for (const mode of ['blocklist', 'allowlist'] as const) {
      const filter = filterOf(mode, 'a.test');
      for (const host of ['x.'.repeat(200) + 'test', 'a%2etest', 'a.test/', 'a b', '[::1', 'a.test:80'])
        assert.equal(filter.lets(host), false, host);
    }
  });

  test('lets pass who names no host, unless there is a list of those who may', () => {
    assert.equal(filterOf('blocklist', 'a.test').lets(''), true);
    assert.equal(filterOf('allowlist', 'a.test').lets(''), false);
    assert.equal(filterOf('blocklist', 'a.test').why(''), 'no host is named');
  });

  test('may have everything on its list', () => {
    for (const host of ['a.test', '192.0.2.1', '::1']) {
      assert.equal(filterOf('blocklist', '*').lets(host), false);
      assert.equal(filterOf('allowlist', '*').lets(host), true);
    }
  });

  test('tells which entry of which list decides', () => {
    const filter = filterOf('blocklist', 'a.test', '*.b.test', 'c.test', '192.0.2.7');
    for (const [host, why] of [
      ['A.test', 'a.test is covered by a.test of the blocklist (domains[0])'],
      ['x.y.b.test', 'x.y.b.test is covered by *.b.test of the blocklist (domains[1])'],
      ['c.test', 'c.test is covered by c.test of the blocklist (/lists/b.txt:1)'],
      ['0xc0000207', '192.0.2.7 is covered by 192.0.2.7 of the blocklist (/lists/b.txt:2)'],
      ['d.test', 'd.test is not on the blocklist'],
      ['a b', 'a b is neither a name nor an address'],
    ] as const) {
      assert.equal(filter.why(host), why);
    }
    assert.equal(filterOf('allowlist').why('d.test'), 'd.test is not on the allowlist');
  });

  test('says the same of a host as of its one spelling', () => {
    const label = fc.stringMatching(/^[aAbB0x1-]{1,3}$/);
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const filter = filterOf('blocklist', 'a.b', '*.a', 'b', '*.0xa', '0.0.0.1', '0.0.0.0', '1.1.1.1');
    fc.assert(
      fc.property(host, (written) => {
        const destination = destinationOf(written);
        if (destination !== null) assert.equal(filter.lets(written), filter.lets(destination.host), written);
      }),
    );
  });
});
