import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../test/support/admin-desk.ts';

test('what was given is told by name, without secrets, long texts and what people say to agents', async () => {
  const desk = await AdminDesk.open();
  const given = {
    weight: 2,
    url: 'http://user:password@a.test',
    headers: { authorization: 'Bearer very-secret', 'x-a': '1' },
    prompt: 'between us',
    tags: { note: 'x'.repeat(300) },
  };
  const headers = { ...AUTHORIZED, 'Content-Type': 'application/json' };
  const path = '/api/v1/proxies/none?persist=true';
  await desk.ask(path, { method: 'PATCH', headers, body: JSON.stringify(given) });
  assert.deepEqual(desk.logged.at(-1)?.fields['changed'], {
    persist: 'true',
    weight: 2,
    url: 'http://***@a.test',
    headers: { authorization: '***', 'x-a': '1' },
    prompt: '…',
    tags: '…',
  });
  await desk.ask(path, { method: 'PATCH', headers, body: 'no JSON' });
  assert.deepEqual(desk.logged.at(-1)?.fields['changed'], { persist: 'true' });
});
