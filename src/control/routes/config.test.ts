import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';

test('GET /api/v1/config shows the config with its origins and without its secrets, and nothing when it is still the same', async () => {
  const desk = await AdminDesk.open();
  const answer = await desk.ask('/api/v1/config', { headers: AUTHORIZED });
  assert.equal(answer.headers.get('etag'), '"tag-1"');
  const text = await answer.text();
  assert.doesNotMatch(text, /config-secret/);
  const body = JSON.parse(text);
  assert.equal(body.config.log.level, 'warn');
  assert.equal(body.config.admin.token, '***');
  assert.equal(body.origins['log.level'], 'environment variable LOG_LEVEL');
  const again = await desk.ask('/api/v1/config', { headers: { ...AUTHORIZED, 'If-None-Match': '"tag-1"' } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
});
