import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import type { PurgeOrder } from '../../services/cache/store/purge-lists.ts';
import { main } from '../main.ts';

const NONE = { hits: 0, misses: 0, stale: 0, coalesced: 0, evictions: 0, servedBytes: 0, stored: 0, purged: 0 };

describe('sluice cache', () => {
  test('shows how the cache does, by route', async (t) => {
    const running = await runAdmin(t);
    const routes = [
      { ...NONE, route: 'api', hits: 9, misses: 1 },
      { ...NONE, route: 'web', misses: 2, coalesced: 2, stored: 2 },
    ];
    running.desk.cache.serve({
      purge: () => 0,
      stats: () => [{ entries: 2, bytes: 2048, maxBytes: 1_048_576, diskBytes: 0, routes }],
    });
    const cli = running.cli();
    assert.equal(await main(['cache', 'stats'], cli), 0, cli.err);
    assert.deepEqual(cli.out.split('\n'), [
      '2 answers, 2KiB of 1MiB',
      '',
      'route  hits  misses  stale  coalesced  stored  evicted  purged   ratio',
      'api       9       1      0          0       0        0       0  90.0 %',
      'web       0       2      0          2       2        0       0  50.0 %',
      'all       9       3      0          2       2        0       0  78.6 %',
      '',
    ]);
  });

  test('says that there is none, and speaks JSON', async (t) => {
    const running = await runAdmin(t);
    const cli = running.cli();
    assert.equal(await main(['cache', 'stats'], cli), 0, cli.err);
    assert.equal(cli.out, 'There is no cache: see policies.cache.\n');
    const json = running.cli();
    await main(['cache', 'stats', '--json'], json);
    const { schema, entries } = JSON.parse(json.out) as Record<string, unknown>;
    assert.deepEqual([schema, entries], ['sluice.cache-stats/v1', 0]);
  });

  test('purges what is named, and says how much that was', async (t) => {
    const purged: PurgeOrder[] = [];
    const running = await runAdmin(t);
    running.desk.cache.serve({ stats: () => [], purge: (order) => purged.push(order) });
    const cli = running.cli();
    assert.equal(await main(['cache', 'purge', 'https://a.test/x'], cli), 0, cli.err);
    assert.equal(await main(['cache', 'purge', '--tag', 'news', '--soft'], cli), 0, cli.err);
    assert.equal(await main(['cache', 'purge', '--all', '--json'], cli), 0, cli.err);
    assert.deepEqual(
      purged.map(({ kind }) => kind),
      ['url', 'tag', 'all'],
    );
    assert.deepEqual(cli.out.split('\n'), [
      '1 answer purged.',
      '2 answers counted as stale from now on.',
      '{"schema":"sluice.cache-purge/v1","purged":3,"soft":false}',
      '',
    ]);
  });

  test('purges nothing when nothing or too much was named', async (t) => {
    const running = await runAdmin(t);
    for (const words of [[], ['a.test', '--all']]) {
      assert.equal(await main(['cache', 'purge', ...words], running.cli()), 2);
    }
  });
});
