import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBasic } from './basic-credentials.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');

describe('Basic credentials', () => {
  test('are a name and a password, which may contain colons', () => {
    assert.deepEqual(parseBasic(`Basic ${encoded('user:p:ss')}`), { name: 'user', password: 'p:ss' });
    assert.deepEqual(parseBasic(`basic  ${encoded('üser:')}`), { name: 'üser', password: '' });
    assert.deepEqual(parseBasic(`BASIC ${encoded(':x')}`), { name: '', password: 'x' });
  });

  test('are nothing else', () => {
    for (const value of [
      '',
      'Basic',
      'Basic ',
      `Bearer ${encoded('a:b')}`,
      `Basic ${encoded('ab')}`,
      'Basic a b',
      'Basic !!',
    ]) {
      assert.equal(parseBasic(value), null, value);
    }
  });
});
