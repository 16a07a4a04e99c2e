import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { CacheDesk } from '../../services/cache/cache-desk.ts';
import type { PurgeOrder } from '../../services/cache/store/purge-lists.ts';
import { cacheAdmin } from './cache-admin.ts';

function asked(t: TestContext, line: string, purged: PurgeOrder[] = []): Playbook {
  const desk = new CacheDesk();
  desk.serve({ stats: () => [], purge: (order) => purged.push(order) });
  const play = new Playbook(t, { target: cacheAdmin(desk), onFault: () => {} });
  return play.downstreamSends(head(`${line} HTTP/1.1`, 'Host: a.test'));
}

describe('the cache by the door of the gateway', () => {
  test('tells how it does', (t) => {
    const text = asked(t, 'GET /admin/cache/stats').takeDownstream();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*Cache-Control: no-store\r\n/);
    const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as Record<string, unknown>;
    assert.deepEqual([body['entries'], body['hit_ratio'], body['routes']], [0, null, []]);
  });

  test('purges what is named', (t) => {
    const purged: PurgeOrder[] = [];
    asked(t, 'DELETE /admin/cache?pattern=*.a.test', purged).expectDownstream(/\r\n\r\n\{"purged":1,"soft":false\}$/);
    assert.deepEqual(purged, [{ kind: 'host', pattern: '*.a.test' }]);
  });

  test('purges nothing that is not named', (t) => {
    const purged: PurgeOrder[] = [];
    asked(t, 'DELETE /admin/cache', purged).expectError(422, 'invalid_input');
    assert.deepEqual(purged, []);
  });

  test('takes no other method and knows no other path', (t) => {
    asked(t, 'POST /admin/cache').expectError(405, 'method_not_allowed').end();
    asked(t, 'DELETE /admin/cache/stats').expectError(405, 'method_not_allowed').end();
    asked(t, 'GET /admin/cache/all').expectError(404, 'route_not_found');
  });
});
