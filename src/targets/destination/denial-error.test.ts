import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DenyReason } from '../../services/rules/destination-rules.ts';
import { denialError } from './denial-error.ts';

describe('a denied destination', () => {
  for (const [reason, status] of [
    ['bad_destination', 400],
    ['own_door', 403],
    ['port', 403],
    ['rule', 403],
    ['private', 403],
  ] satisfies [DenyReason, number][]) {
    test(`(${reason}) is ${status}, with a reason for a person`, () => {
      const error = denialError({ kind: 'denied', reason, source: null }, 'a.test');
      assert.equal(error.status, status);
      assert.match(error.message, /^a\.test (is|has) /);
    });
  }
});
