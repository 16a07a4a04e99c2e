import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patienceOf } from './patience-flags.ts';

test('flags say how long to try, and how much to tell', () => {
  assert.deepEqual(patienceOf({}), { json: false, isPatient: false });
  assert.deepEqual(patienceOf({ json: true, keepTrying: true, tries: '0', logLevel: 'debug' }), {
    json: true,
    isPatient: true,
    tries: 0,
    logLevel: 'debug',
  });
  assert.throws(() => patienceOf({ tries: 'some' }), { code: 'usage', message: /--tries expects a number/ });
});
