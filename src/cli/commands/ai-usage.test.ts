import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import type { UsageSum } from '../../state/usage-row.ts';
import { main } from '../main.ts';

const SUM: UsageSum = {
  keys: { user: 'ann', model: 'm-1' },
  model: 'm-1',
  requests: 2,
  unknown: 1,
  cached: 0,
  input: 10,
  output: 2000,
  cacheRead: 3,
  cacheWrite: 4,
};

describe('sluice ai usage', () => {
  test('shows a table, and says what is not known', async (t) => {
    const { desk, cli: makeCli } = await runAdmin(t);
    Object.assign(desk.parts.sluice, {
      usage: { sums: () => [SUM, { ...SUM, cached: 1, keys: { user: '', model: '\u001b' } }] },
    });
    const cli = makeCli();
    assert.equal(await main(['ai', 'usage', '--by', 'user,model'], cli), 0, cli.err);
    assert.deepEqual(cli.out.split('\n'), [
      'user  model   requests  input  output  cache read  cache write  cost',
      'ann   m-1            2     10    2000           3            4     -',
      '-     \\u001b         2     10    2000           3            4     -',
      '',
      'Requests of which nobody knows what they have used: 2',
      'Requests that were answered from the cache, at no cost: 1',
      'Requests without a price in ai.prices: 3',
      '',
    ]);
  });

  test('says that nothing was used, and gives the answer as JSON', async (t) => {
    const running = await runAdmin(t);
    const days = ['--from', '2026-01-01', '--to', '2026-01-31'];
    const cli = running.cli();
    assert.equal(await main(['ai', 'usage', ...days], cli), 0, cli.err);
    assert.equal(cli.out, 'Nothing was used from 2026-01-01 to 2026-01-31.\n');
    const json = running.cli();
    await main(['ai', 'usage', '--json', ...days], json);
    assert.deepEqual(JSON.parse(json.out), {
      schema: 'sluice.ai-usage/v1',
      from: '2026-01-01',
      to: '2026-01-31',
      usage: [],
    });
  });

  test('says what is wrong with a question', async (t) => {
    const cli = (await runAdmin(t)).cli();
    assert.notEqual(await main(['ai', 'usage', '--by', 'weather'], cli), 0);
    assert.match(cli.err, /by: expected day, provider/);
  });
});
