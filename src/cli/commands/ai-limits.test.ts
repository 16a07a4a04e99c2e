import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import type { AllowanceReport } from '../../runtime/ai-budgets.ts';
import { main } from '../main.ts';

const REPORTS: AllowanceReport[] = [
  {
    user: 'ann',
    providers: null,
    models: ['m-*', 'n'],
    limits: [
      { key: 'ai_streams', most: 4, used: 1, freeAtMs: null },
      { key: 'ai_tokens_per_day', most: 2_000_000, used: 25, freeAtMs: Date.UTC(2026, 10, 27) },
    ],
  },
  {
    user: '',
    providers: null,
    models: null,
    limits: [{ key: 'ai_cost_per_month', most: 5, used: 0.1 + 0.2, freeAtMs: Date.UTC(2026, 11, 1) }],
  },
];

describe('sluice ai limits', () => {
  test('shows a table of what is used and left', async (t) => {
    const running = await runAdmin(t);
    t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 26, 12) });
    Object.assign(running.desk.parts.sluice, { allowances: () => REPORTS });
    const cli = running.cli();
    assert.equal(await main(['ai', 'limits'], cli), 0, cli.err);
    assert.deepEqual(cli.out.split('\n'), [
      'user  limit                 most  used     left  until',
      'ann   ai_streams               4     1        3',
      'ann   ai_tokens_per_day  2000000    25  1999975  2026-11-27, in 12h 0m',
      'ann   ai_models                                  only m-*, n',
      '-     ai_cost_per_month        5  0.30     4.70  2026-12-01, in 4d 12h',
      '',
    ]);
  });

  test('says that there are none, and gives the answer as JSON', async (t) => {
    const running = await runAdmin(t);
    const cli = running.cli();
    assert.equal(await main(['ai', 'limits'], cli), 0, cli.err);
    assert.equal(cli.out, 'Nobody has limits: see users[].limits and ai.limits.\n');
    const one = running.cli();
    await main(['ai', 'limits', '--user', 'bob'], one);
    assert.equal(one.out, 'bob has no limits.\n');
    const json = running.cli();
    await main(['ai', 'limits', '--json'], json);
    assert.deepEqual(JSON.parse(json.out), { schema: 'sluice.ai-limits/v1', users: [] });
  });
});
