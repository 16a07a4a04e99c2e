import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { destinationOf, type Destination } from './destination.ts';
import { HostLookup } from './host-lookup.ts';

function destination(host: string): Destination {
  const found = destinationOf(host);
  assert.ok(found, host);
  return found;
}

function lookupOf(...rules: readonly (readonly string[])[]): HostLookup {
  const lookup = new HostLookup();
  for (const [position, hosts] of rules.entries()) lookup.add(position, hosts);
  return lookup;
}

const yes = (): boolean => true;

describe('the lookup of hosts', () => {
  test('finds the first rule for a host, whatever kind of pattern it has', () => {
    const lookup = lookupOf(['a.example', '*.b.example'], ['10.0.0.0/8', '::1'], ['*.example'], [], ['a.example']);
    const cases = {
      'a.example': 0,
      'x.b.example': 0,
      'b.example': 2,
      '10.9.9.9': 1,
      '[::1]': 1,
      'x.y.example': 2,
      example: 3,
      '11.0.0.1': 3,
    };
    for (const [host, position] of Object.entries(cases))
      assert.equal(lookup.find(destination(host), yes, null), position, host);
  });

  test('goes on behind a rule that does not take the request', () => {
    const lookup = lookupOf(['a.example'], ['*'], ['*.example'], ['a.example']);
    const found = [0, 1, 2, 3, 4].map((least) =>
      lookup.find(destination('a.example'), (position, from: number) => position >= from, least),
    );
    assert.deepEqual(found, [0, 1, 2, 3, -1]);
  });

  test('does not take a network for a name, nor an address for part of one', () => {
    const lookup = lookupOf(['10.0.0.0/8'], ['*.0.1'], ['*.4']);
    assert.equal(lookup.find(destination('x.10.0.0.0.example'), yes, null), -1);
    assert.equal(lookup.find(destination('1.2.3.4'), yes, null), -1);
  });

  test('finds what going through the rules one by one finds', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const pattern = fc.oneof(
      name,
      name.map((text) => `*.${text}`),
      fc.constant('*'),
    );
    fc.assert(
      fc.property(fc.array(fc.array(pattern, { maxLength: 3 }), { maxLength: 8 }), name, (rules, host) => {
        const expected = rules.findIndex((hosts) => hosts.length === 0 || hosts.some((each) => fits(each, host)));
        assert.equal(lookupOf(...rules).find(destination(host), yes, null), expected);
      }),
    );
  });
});

function fits(pattern: string, host: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}
