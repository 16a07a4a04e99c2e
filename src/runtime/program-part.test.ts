import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsBelow, readPart } from './program-part.ts';

test('the parts of a checkout are files', () => {
  assert.match(String(readPart('package.json', new URL('../../package.json', import.meta.url))), /"name": "sluice"/);
  assert.deepEqual(partsBelow('dashboard/'), []);
});
