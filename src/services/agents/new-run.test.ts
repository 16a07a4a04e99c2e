import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRow, newRunId, type PreparedRun } from './new-run.ts';

test('a run that was asked for waits, has a name of its own, and knows what was asked', () => {
  const prepared = {
    kind: { name: 'claude' },
    request: { session: 's', model: 'm' },
    user: 'alice',
    cwd: '/srv',
  } as unknown as PreparedRun;
  const [one, other] = [newRow(prepared, 'b', 1), newRow(prepared, '', 0)];
  const { kind, session, model, user, cwd, batch, place, status, startedAtMs } = one;
  assert.deepEqual(
    { kind, session, model, user, cwd, batch, place, status, startedAtMs },
    {
      kind: 'claude',
      session: 's',
      model: 'm',
      user: 'alice',
      cwd: '/srv',
      batch: 'b',
      place: 1,
      status: 'queued',
      startedAtMs: null,
    },
  );
  assert.notEqual(one.id, other.id);
  assert.match(newRunId(), /^[0-9a-f]{18}$/);
});
