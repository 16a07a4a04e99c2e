import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { PolicyModule, StandardSchema } from '../../contract/policy-module.ts';
import { readSettings } from './policy-settings.ts';

const policy: PolicyModule['policy'] = () => ({ name: '', request() {} });

describe('the settings of a policy', () => {
  test('are a copy where nothing is said of them', () => {
    const given = { a: { b: 1 } };
    const read = readSettings({ policy }, given);
    assert.ok('settings' in read);
    assert.deepEqual(read.settings, given);
    assert.notEqual(read.settings, given);
  });

  test('are held against the check of the module', () => {
    const check = (settings: unknown): void => assert.ok('a' in (settings as object), 'there must be an a');
    assert.deepEqual(readSettings({ policy, check }, { a: 1 }), { settings: { a: 1 } });
    assert.deepEqual(readSettings({ policy, check }, {}), { faults: [{ message: 'there must be an a', at: [] }] });
  });

  test('become what a schema makes of them, or are told with the place', () => {
    const schema = z.strictObject({ list: z.array(z.strictObject({ n: z.int().default(7) })) });
    assert.deepEqual(readSettings({ policy, schema }, { list: [{}] }), { settings: { list: [{ n: 7 }] } });
    const read = readSettings({ policy, schema }, { list: [{}, { n: 'x' }] });
    assert.ok('faults' in read);
    assert.deepEqual(
      read.faults.map(({ at }) => at),
      [['list', 1, 'n']],
    );
  });

  test('have a place also where a schema tells it in steps', () => {
    const schema: StandardSchema = {
      '~standard': { version: 1, validate: () => ({ issues: [{ message: 'no', path: [{ key: 'a' }, 0] }] }) },
    };
    assert.deepEqual(readSettings({ policy, schema }, {}), { faults: [{ message: 'no', at: ['a', 0] }] });
  });

  test('are not waited for', () => {
    const schema: StandardSchema = { '~standard': { version: 1, validate: () => Promise.reject(new Error('late')) } };
    const read = readSettings({ policy, schema }, {});
    assert.ok('faults' in read);
    assert.match(read.faults[0]?.message ?? '', /waits/);
  });
});
