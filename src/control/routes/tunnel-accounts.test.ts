import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { UserDirectory } from '../../services/identity/user-directory.ts';
import type { TunnelAccountAnswer, TunnelAccountsAnswer, TunnelTokenAnswer } from '../admin-answers.ts';

type Answered = [status: number, body: unknown];

async function opened(
  t: TestContext,
): Promise<{ desk: AdminDesk; call: (line: string, body?: object) => Promise<Answered> }> {
  const desk = await AdminDesk.open();
  const users = [{ name: 'alice', token: 'of-alice', may: ['tunnels'] }];
  const config = configOf({ users, tunnels: { server: { enabled: true, token_ttl: '1d' } } });
  desk.office.open(temporaryFolder(t), config, new UserDirectory([]));
  desk.office.configure(config, new UserDirectory([]));
  t.after(() => desk.office.close());
  const call = async (line: string, body?: object): Promise<Answered> => {
    const [method = '', path = ''] = line.split(' ');
    const headers = { ...AUTHORIZED, ...(body && { 'Content-Type': 'application/json' }) };
    const answer = await desk.ask(`/api/v1/tunnels${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return [answer.status, await answer.json()];
  };
  return { desk, call };
}

function codeOf([status, body]: Answered): string {
  return `${status} ${(body as { error: { code: string } }).error.code}`;
}

test('accounts are made, told page by page, and the users of the configuration with them', async (t) => {
  const { call } = await opened(t);
  for (const email of ['a@b.c', 'd@e.f', 'g@h.i']) assert.equal((await call('POST /accounts', { email }))[0], 201);
  const [, first] = (await call('GET /accounts?limit=2')) as [number, TunnelAccountsAnswer];
  assert.deepEqual([first.accounts[0]?.id, first.accounts.length, typeof first.next], ['user:alice', 3, 'string']);
  const [, rest] = (await call(`GET /accounts?limit=2&after=${first.next}`)) as [number, TunnelAccountsAnswer];
  assert.deepEqual([rest.accounts.length, rest.next], [1, null]);
  const [, one] = (await call('GET /accounts?email=d@e.f')) as [number, TunnelAccountsAnswer];
  assert.deepEqual(
    one.accounts.map(({ email }) => email),
    ['d@e.f'],
  );
  assert.equal(codeOf(await call('POST /accounts', { email: 'nobody' })), '422 invalid_input');
  assert.equal(codeOf(await call('GET /accounts/nothing')), '404 not_found');
});

test('an account gets limits of its own, another token, and an end', async (t) => {
  const { desk, call } = await opened(t);
  const [, made] = (await call('POST /accounts', { email: 'a@b.c' })) as [number, TunnelTokenAnswer];
  assert.ok(made.expires_at !== null);
  const path = `/accounts/${made.account}`;
  const limits = { tunnels: 1, requests_per_minute: 60 };
  const [, limited] = (await call(`PATCH ${path}`, { limits, expires_at: null })) as [number, TunnelAccountAnswer];
  assert.deepEqual(
    [limited.limits.tunnels, limited.limits.requests_per_minute, limited.own_limits, limited.expires_at],
    [1, 60, ['tunnels', 'requests_per_minute'], null],
  );
  assert.equal(codeOf(await call(`PATCH ${path}`, {})), '422 invalid_input');
  const [, free] = (await call(`PATCH ${path}`, { limits: null })) as [number, TunnelAccountAnswer];
  assert.deepEqual(free.own_limits, []);
  const [, next] = (await call(`POST ${path}/token`)) as [number, TunnelTokenAnswer];
  assert.deepEqual(
    [await desk.office.find(made.token), (await desk.office.find(next.token))?.id],
    [null, made.account],
  );
  const [, revoked] = (await call(`DELETE ${path}/token`)) as [number, TunnelAccountAnswer];
  assert.deepEqual([revoked.has_token, await desk.office.find(next.token)], [false, null]);
  assert.deepEqual(await call(`DELETE ${path}`), [200, { removed: made.account }]);
  assert.equal(codeOf(await call(`DELETE ${path}`)), '404 not_found');
  assert.equal(codeOf(await call('DELETE /accounts/user:alice')), '403 forbidden');
  const [, alice] = (await call('PATCH /accounts/user:alice', { limits: { streams: 5 } })) as [
    number,
    TunnelAccountAnswer,
  ];
  assert.equal(alice.limits.streams, 5);
});

test('a token of another server is taken over once', async (t) => {
  const { call } = await opened(t);
  const wish = { email: 'a@b.c', token: 'rt_0123456789abcdef', expires_at: '2999-01-01T00:00:00Z' };
  const [status, made] = (await call('POST /accounts', wish)) as [number, TunnelTokenAnswer];
  assert.deepEqual([status, made.token, made.expires_at], [201, wish.token, '2999-01-01T00:00:00.000Z']);
  assert.equal(codeOf(await call('POST /accounts', wish)), '409 already_exists');
});

test('invitations are made, told and taken back', async (t) => {
  const { call } = await opened(t);
  const [status, made] = (await call('POST /invitations', { note: 'Ann' })) as [number, { id: string; code: string }];
  assert.deepEqual([status, made.code.slice(0, 4)], [201, 'sli_']);
  const [, listed] = await call('GET /invitations');
  assert.ok(!JSON.stringify(listed).includes(made.code));
  assert.deepEqual(await call(`DELETE /invitations/${made.id}`), [200, { removed: made.id }]);
  assert.equal(codeOf(await call(`DELETE /invitations/${made.id}`)), '404 not_found');
  assert.equal(codeOf(await call('POST /invitations', { expires_in_seconds: 1 })), '422 invalid_input');
});

test('while the server is off there are no accounts, and nobody asks without a token', async () => {
  const desk = await AdminDesk.open();
  const answer = await desk.ask('/api/v1/tunnels/accounts', { headers: AUTHORIZED });
  assert.equal(await refused(answer), '404 not_found');
  assert.equal(await refused(await desk.ask('/api/v1/tunnels/accounts')), '401 unauthorized');
});
