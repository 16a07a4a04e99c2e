import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tierMeta } from '../../../../test/support/tier-answer.ts';
import type { PurgeOrder } from '../store/purge-lists.ts';
import { wasPurged } from './purge-text.ts';

test('a purge means the answers that it says, and all when it cannot be read', () => {
  const meta = tierMeta({ url: 'http://img.a.test/x/1', host: 'img.a.test', tags: ['news'] });
  const means = (order: PurgeOrder): boolean => wasPurged(meta, JSON.stringify({ from: '', atMs: 0, orders: [order] }));
  const meant: PurgeOrder[] = [
    { kind: 'url', url: 'http://img.a.test/x/1' },
    { kind: 'prefix', prefix: 'http://img.a.test/x' },
    { kind: 'host', pattern: '*.a.test' },
    { kind: 'tag', tag: 'news' },
    { kind: 'all' },
  ];
  const others: PurgeOrder[] = [
    { kind: 'url', url: 'http://img.a.test/x' },
    { kind: 'prefix', prefix: 'http://img.a.test/y' },
    { kind: 'host', pattern: 'a.test' },
    { kind: 'tag', tag: 'new' },
  ];
  assert.deepEqual([meant.map(means), others.map(means)], [meant.map(() => true), others.map(() => false)]);
  assert.equal(wasPurged(meta, 'nonsense'), true);
  assert.equal(wasPurged(meta, '{"orders":[{"kind":"moon"}]}'), true);
});
