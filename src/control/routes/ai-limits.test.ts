import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { AllowanceReport } from '../../runtime/ai-budgets.ts';

const REPORTS: AllowanceReport[] = [
  {
    user: 'ann',
    providers: ['claude'],
    models: null,
    limits: [
      { key: 'ai_streams', most: 4, used: 1, freeAtMs: null },
      { key: 'ai_tokens_per_day', most: 10, used: 12, freeAtMs: Date.UTC(2026, 10, 27) },
    ],
  },
  { user: '', providers: null, models: ['m-*'], limits: [] },
];

async function deskWithLimits(): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  Object.assign(desk.parts.sluice, { allowances: () => REPORTS });
  return desk;
}

describe('GET /api/v1/ai/limits', () => {
  test('tells what users may have, what they have used and what is left', async () => {
    const desk = await deskWithLimits();
    const answer = await desk.ask('/api/v1/ai/limits', { headers: AUTHORIZED });
    const resets = '2026-11-27T00:00:00.000Z';
    assert.deepEqual(await answer.json(), {
      users: [
        {
          user: 'ann',
          providers: ['claude'],
          models: null,
          limits: [
            { limit: 'ai_streams', most: 4, used: 1, left: 3, resets_at: null },
            { limit: 'ai_tokens_per_day', most: 10, used: 12, left: 0, resets_at: resets },
          ],
        },
        { user: '', providers: null, models: ['m-*'], limits: [] },
      ],
    });
  });

  test('may be about one user, and wants a token', async () => {
    const desk = await deskWithLimits();
    const answer = await desk.ask('/api/v1/ai/limits?user=ann', { headers: AUTHORIZED });
    assert.equal(((await answer.json()) as { users: unknown[] }).users.length, 1);
    assert.equal(await refused(await desk.ask('/api/v1/ai/limits')), '401 unauthorized');
  });
});
