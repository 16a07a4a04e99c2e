import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './place-of.ts';

test('a part of the config stands where the first thing in it stands', () => {
  const origins = new Map([
    ['egress.rules[1].match.host[0]', 'sluice.yaml:7'],
    ['egress.rules[10].action', 'sluice.yaml:9'],
    ['egress.chain', 'flag --via'],
  ]);
  assert.equal(placeOf('egress.rules[1]', origins), 'sluice.yaml:7');
  assert.equal(placeOf('egress.rules', origins), 'sluice.yaml:7');
  assert.equal(placeOf('egress.chain', origins), 'flag --via');
  assert.equal(placeOf('egress.rule', origins), null);
});
