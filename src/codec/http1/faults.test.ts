import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { FAULT } from './faults.ts';

describe('faults', () => {
  test('each has a code that blames the caller, and a sentence of its own', () => {
    const faults = Object.values(FAULT);
    assert.equal(new Set(faults.map(({ detail }) => detail)).size, faults.length);
    for (const { code, detail } of faults) {
      assert.equal(ERROR_CATALOGUE[code].side, 'downstream');
      assert.match(detail, /^[A-Z].*[^.]\.$/);
    }
  });
});
