import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { isLetIn } from './tunnel-password.ts';

test('a visitor is asked for the password of a tunnel that has one', () => {
  const shown = (text: string): [string, string][] => [
    ['Authorization', `Basic ${Buffer.from(text).toString('base64')}`],
  ];
  const asked = new ToldExchange();
  assert.equal(isLetIn(asked.exchange, null, 'app'), true);
  assert.equal(isLetIn(asked.exchange, 'user:pass', 'app'), false);
  assert.equal(asked.answered?.fields?.[0]?.[1], 'Basic realm="app", charset="UTF-8"');
  assert.equal(isLetIn(new ToldExchange({ fields: shown('user:no') }).exchange, 'user:pass', 'app'), false);
  const right = new ToldExchange({ fields: shown('user:pa:ss') });
  assert.equal(isLetIn(right.exchange, 'user:pa:ss', 'app'), true);
  assert.deepEqual(right.told, ['remove authorization']);
});
