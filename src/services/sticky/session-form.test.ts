import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formSessionId, formTtl, type IdForm } from './session-form.ts';

const MINUTE_MS = 60_000;
const EIGHT: IdForm = { alphabet: 'abcdefghijklmnopqrstuvwxyz0123456789', minLength: 8, maxLength: 8 };

describe('the id of a session', () => {
  test('stays as it is when it fits', () => {
    assert.equal(formSessionId('abcd1234', EIGHT), 'abcd1234');
  });

  test('is always the same, and of the form that is wanted', () => {
    const form = fc
      .record({
        alphabet: fc.constantFrom('0123456789', EIGHT.alphabet, 'ab'),
        min: fc.integer({ min: 1, max: 20 }),
        more: fc.nat(80),
      })
      .map(({ alphabet, min, more }): IdForm => ({ alphabet, minLength: min, maxLength: min + more }));
    fc.assert(
      fc.property(fc.string(), form, (id, wanted) => {
        const formed = formSessionId(id, wanted);
        assert.equal(formed, formSessionId(id, wanted));
        assert.ok(formed.length >= wanted.minLength && formed.length <= wanted.maxLength);
        assert.ok(formed.split('').every((character) => wanted.alphabet.includes(character)));
      }),
    );
  });

  test('differs where the ids differ', () => {
    const formed = new Set(Array.from({ length: 2000 }, (_, index) => formSessionId(`client ${index}`, EIGHT)));
    assert.equal(formed.size, 2000);
  });

  test('never changes, for sessions at providers depend on it', () => {
    assert.equal(formSessionId('my cart', EIGHT), '18udyteo');
  });
});

describe('the time to live of a session', () => {
  test('is counted in whole units, rounded up', () => {
    assert.equal(formTtl(90_000, { unit: 'm', minMs: 0, maxMs: 1e9 }), '2');
    assert.equal(formTtl(90_000, { unit: 's', minMs: 0, maxMs: 1e9 }), '90');
  });

  test('stays within what the provider allows', () => {
    const form = { unit: 'm', minMs: 3 * MINUTE_MS, maxMs: 1440 * MINUTE_MS } as const;
    assert.equal(formTtl(MINUTE_MS, form), '3');
    assert.equal(formTtl(10_000 * MINUTE_MS, form), '1440');
  });

  test('has its unit where that is wanted, one alone', () => {
    const form = { unit: 'text', minMs: 1000, maxMs: 7 * 1440 * MINUTE_MS } as const;
    assert.deepEqual(
      [1, 90_500, 30 * MINUTE_MS, 90 * MINUTE_MS, 120 * MINUTE_MS, 1e12].map((ms) => formTtl(ms, form)),
      ['1s', '91s', '30m', '90m', '2h', '7d'],
    );
  });
});
