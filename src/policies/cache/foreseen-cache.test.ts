import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { NameSet } from '../../codec/http1/name-set.ts';
import { foreseenCache } from './foreseen-cache.ts';

const policy = foreseenCache({
  store: new CacheStore({ maxBytes: 65_536 }),
  tier: null,
  copier: null,
  rules: {
    defaultTtlMs: 0,
    statusTtlMs: new Map(),
    heuristic: null,
    staleWhileAskingMs: 0,
    staleOnErrorMs: 0,
    setCookie: 'keep',
  },
  key: { ignoredQuery: ['utm_*'], sortsQuery: false, fields: [], cookies: ['lang'] },
  bypassHeaders: ['x-preview'],
  bypassCookies: [],
  maxObjectBytes: 1000,
  statusName: 'sluice',
  isForwardProxy: false,
  askTimeoutMs: 1000,
  count: () => assert.fail('nothing is counted'),
});

function foreseen(method: string, lines: readonly [string, string][] = []): string | undefined {
  const list = new FieldList(lines);
  const whichOf = (names: NameSet): number =>
    names.names.reduce((sum, name, index) => sum | (list.get(name) === undefined ? 0 : 1 << index), 0);
  const fields = { get: list.get.bind(list), getAll: list.getAll.bind(list), entries: () => lines, whichOf };
  const request = { method, authority: 'a.test', path: '/x', query: '?utm_a=1&b', hasBody: false, fields };
  return policy.foresee?.({ route: '', client: { secure: true }, request } as unknown as Exchange);
}

test('what the cache would do is told with the key that it goes by', () => {
  const key = String.raw`"https://a.test/x?b\n;lang=\"de\""`;
  assert.equal(
    foreseen('GET', [['Cookie', 'lang=de']]),
    `gives what the route keeps by the key ${key} if it is fresh, else asks the server and keeps the answer if it may`,
  );
  assert.match(foreseen('GET', [['Cache-Control', 'no-cache']]) ?? '', /^asks the server in any case/);
  assert.match(foreseen('HEAD', [['Cache-Control', 'only-if-cached']]) ?? '', /answers 504/);
  assert.match(foreseen('GET', [['X-Preview', '1']]) ?? '', /^passes it by/);
  assert.match(foreseen('PUT') ?? '', /^passes PUT on; what is kept of https:\/\/a\.test\/x\?b is dropped/);
});
