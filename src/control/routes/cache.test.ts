import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { PurgeOrder } from '../../services/cache/store/purge-lists.ts';

async function deskWithCache(purged: PurgeOrder[] = []): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  const zero = { stale: 0, coalesced: 0, evictions: 0, servedBytes: 0, stored: 1, purged: 0 };
  desk.cache.serve({
    purge: (order) => purged.push(order),
    stats: () => [
      { entries: 1, bytes: 10, maxBytes: 100, diskBytes: 0, routes: [{ route: 'web', hits: 3, misses: 1, ...zero }] },
    ],
  });
  return desk;
}

for (const path of ['/api/v1/cache', '/admin/cache']) {
  describe(path, () => {
    test('tells how the cache does', async () => {
      const desk = await deskWithCache();
      const answer = await desk.ask(`${path}/stats`, { headers: AUTHORIZED });
      const stats = (await answer.json()) as Record<string, unknown>;
      assert.deepEqual([stats['entries'], stats['hits'], stats['hit_ratio']], [1, 3, 0.75]);
    });

    test('purges what is named, and nothing else', async () => {
      const purged: PurgeOrder[] = [];
      const desk = await deskWithCache(purged);
      const answer = await desk.ask(`${path}?tag=news`, { method: 'DELETE', headers: AUTHORIZED });
      assert.deepEqual(await answer.json(), { purged: 1, soft: false });
      const nothing = await desk.ask(path, { method: 'DELETE', headers: AUTHORIZED });
      assert.equal(await refused(nothing), '422 invalid_input');
      assert.deepEqual(purged, [{ kind: 'tag', tag: 'news' }]);
    });

    test('wants a token', async () => {
      const desk = await deskWithCache();
      assert.equal(await refused(await desk.ask(`${path}/stats`)), '401 unauthorized');
      assert.equal(await refused(await desk.ask(`${path}?all=true`, { method: 'DELETE' })), '401 unauthorized');
    });
  });
}
