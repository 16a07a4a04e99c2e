import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';

// What can be done with them is in tunnel-accounts.test.ts.
test('while the server is off there are no invitations', async () => {
  const desk = await AdminDesk.open();
  const answer = await desk.ask('/api/v1/tunnels/invitations', { headers: AUTHORIZED });
  assert.equal(await refused(answer), '404 not_found');
});
