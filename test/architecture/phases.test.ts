import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const page = readFileSync(new URL('../../docs/phases.md', import.meta.url), 'utf8');
const contract = readFileSync(new URL('../../src/contract/policy.ts', import.meta.url), 'utf8');

test('the page on phases lists the phases of the contract, in the same order', () => {
  const declared = [.../export type Phase =([^;]+);/.exec(contract)![1]!.matchAll(/'(\w+)'/g)].map((match) => match[1]);
  const described = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  assert.ok(declared.length >= 6);
  assert.deepEqual(described, declared);
});

test('every phase of the contract is a method that a policy may have', () => {
  const declared = [.../export type Phase =([^;]+);/.exec(contract)![1]!.matchAll(/'(\w+)'/g)].map(
    (match) => match[1]!,
  );
  for (const phase of declared) assert.match(contract, new RegExp(`^  ${phase}\\?\\(`, 'm'));
});
