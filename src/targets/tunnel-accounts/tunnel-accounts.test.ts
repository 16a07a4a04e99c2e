import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange, type ToldRequest } from '../../../test/support/told-exchange.ts';
import { AttemptBudget } from '../../services/tunnels/attempt-budget.ts';
import { tunnelAccounts } from './tunnel-accounts.ts';

const budget = (most: number): AttemptBudget => new AttemptBudget({ now: () => 0, most, eachMs: 1_500 });
const TARGET = tunnelAccounts({
  isOpen: true,
  find: (token) => (token === 'good' ? { id: '1', email: 'e', registered: null } : null),
  registration: 'open',
  hostnames: null,
  domain: 'example.test',
  hasCertificate: () => false,
  register: () => assert.fail('nobody registers here'),
  rotate: () => assert.fail('nobody asks for that here'),
  registrations: budget(1),
  attempts: budget(2),
});

function call(request: ToldRequest, body = ''): ToldExchange {
  const told = new ToldExchange(request);
  TARGET.take(told.exchange);
  told.producer?.takeBody(Buffer.from(body), 0, Buffer.byteLength(body));
  told.producer?.takeEnd();
  return told;
}

// What accounts can do is in test/e2e/tunnels.test.ts.
test('what is no call is refused, and who guesses tokens has to wait', () => {
  const post = { method: 'POST', path: '/api/v1/auth/register' };
  assert.equal(call({ path: '/x' }).code, 'not_found');
  assert.equal(call({ path: post.path }).code, 'method_not_allowed');
  assert.deepEqual(
    ['{', '[]', '5'].map((body) => call(post, body).code),
    Array(3).fill('invalid_input'),
  );
  assert.equal(call(post, `"${'x'.repeat(20_000)}"`).code, 'request_body_too_large');
  const me = (token: string): ToldExchange =>
    call({ path: '//api/v1/users/me', fields: [['Authorization', `Bearer ${token}`]] });
  assert.deepEqual(
    [me('good').answered?.status, me('bad').code, me('bad').code],
    [200, 'unauthorized', 'unauthorized'],
  );
  const refused = me('good');
  assert.deepEqual([refused.code, refused.answered?.fields?.at(-1)], ['too_many_attempts', ['Retry-After', '2']]);
});
