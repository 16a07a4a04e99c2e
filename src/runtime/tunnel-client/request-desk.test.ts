import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { ExposedTunnel } from './expose-tunnels.ts';
import { RequestDesk } from './request-desk.ts';

const tunnel = { name: 'app' } as ExposedTunnel;
const open = { mode: 'http', method: 'GET', path: '/', headers: [['Cookie', 'a=1']] } as unknown as StreamOpenMessage;

test('a desk shows what is kept, masked as it is told, and nothing when nothing is kept', async () => {
  const desk = new RequestDesk();
  assert.deepEqual([desk.requests(), desk.find(1)], [null, null]);
  desk.keep({ requests: 2, max_body: 10, show_secrets: false });
  desk.book?.begin(open, tunnel);
  assert.deepEqual(
    desk.requests()?.map(({ id }) => id),
    [1],
  );
  assert.deepEqual(desk.find(1)?.requestHeaders, [['Cookie', '***']]);
  desk.keep({ requests: 2, max_body: 10, show_secrets: true });
  assert.deepEqual(desk.find(1)?.requestHeaders, [['Cookie', 'a=1']]);
  await assert.rejects(desk.replay(1, null), { code: 'invalid_input', message: /no tunnels any more/ });
  await assert.rejects(desk.replay(7, null), { code: 'not_found' });
  desk.forget();
  assert.deepEqual(desk.requests(), []);
  desk.keep(false);
  assert.equal(desk.book, null);
});
