import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';

const ORIGIN = { Origin: 'http://127.0.0.1:8889' };

test('a session is opened with a token, tells whose it is, and is closed', async () => {
  const desk = await AdminDesk.open();
  const opened = await desk.ask('/api/v1/session', { method: 'POST', headers: { ...AUTHORIZED, ...ORIGIN } });
  assert.deepEqual(await opened.json(), { user: 'alice', version: '1.2.3' });
  const Cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const read = await desk.ask('/api/v1/session', { headers: { Cookie } });
  assert.deepEqual(await read.json(), { user: 'alice', version: '1.2.3' });
  const again = await desk.ask('/api/v1/session', { method: 'POST', headers: { Cookie, ...ORIGIN } });
  assert.equal(await refused(again), '401 unauthorized', 'a session is not worth another one');
  const closed = await desk.ask('/api/v1/session', { method: 'DELETE', headers: { Cookie, ...ORIGIN } });
  assert.equal(closed.status, 204);
  assert.match(closed.headers.get('set-cookie') ?? '', /Max-Age=0/);
  assert.equal(await refused(await desk.ask('/api/v1/session', { headers: { Cookie } })), '401 unauthorized');
});
