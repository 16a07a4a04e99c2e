import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedApp } from './admin-checks.ts';
import type { AdminEnv } from './admin-env.ts';
import { AttemptLimiter } from './attempt-limiter.ts';
import { SessionBook } from './session-book.ts';
import { TokenBook, tokenDigest } from './token-book.ts';

const logged: string[] = [];
const note = (_fields: unknown, message?: string): void => void logged.push(message ?? '');
const book = new TokenBook([{ name: 'ann', digest: tokenDigest('right') }]);
const app = checkedApp({
  logger: { info: note, warn: note, error: note },
  listenHost: '127.0.0.1',
  tokens: () => book,
  sessions: new SessionBook(),
  limiter: new AttemptLimiter({ wait: () => Promise.resolve() }),
});
app.get('/made', (context) => context.text(context.get('actor')));
app.post('/made', (context) => context.text('written'));

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  const env: AdminEnv['Bindings'] = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
  return app.request(path, { method, headers: { Host: '127.0.0.1:1', ...headers } }, env);
}

test('whatever stands behind the checks wants a token, the right host and a body of a known length', async () => {
  const right = { Authorization: 'Bearer right' };
  const statuses = await Promise.all([
    ask('/made'),
    ask('/nothing'),
    ask('/nothing', right),
    ask('/made', { ...right, Host: 'evil.example.com' }),
    ask('/made', { ...right, Origin: 'http://evil.example.com' }, 'POST'),
    ask('/made', { ...right, 'Transfer-Encoding': 'chunked' }, 'POST'),
    ask('/made', right, 'PUT'),
  ]);
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [401, 401, 404, 403, 403, 413, 405],
  );
  const answer = await ask('/made', right);
  assert.deepEqual([await answer.text(), answer.headers.get('cache-control')], ['ann', 'no-store']);
  assert.equal((await ask('/made', right, 'POST')).status, 200);
  assert.ok(logged.includes('admin write'));
  assert.equal((await ask('/made', { Authorization: 'Bearer wrong' })).status, 401);
  assert.ok(logged.includes('admin token refused'));
});
