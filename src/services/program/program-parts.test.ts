import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { helperCommand, isOneFile, partsBelow, readPart } from './program-parts.ts';

test('in a checkout parts are files beside the code', () => {
  const file = new URL('./program-parts.ts', import.meta.url);
  assert.match(String(readPart('any', file)), /^\/\/ The parts of the program/);
  assert.equal(readPart('any', new URL('./none', import.meta.url)), null);
  assert.deepEqual([isOneFile, partsBelow('any')], [false, []]);
  const command = helperCommand('warden', file, ['--flag']);
  assert.deepEqual(command, { args: ['--flag', fileURLToPath(file)], env: {} });
});
