import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk } from '../../../test/support/admin-desk.ts';

test('GET /api/v1/health says that the door is alive, to anybody', async () => {
  const answer = await (await AdminDesk.open()).ask('/api/v1/health');
  assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ok' }]);
});
