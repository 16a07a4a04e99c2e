import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { domainSetOfPatterns } from '../../services/domains/domain-filter.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { LogFields } from '../../telemetry/application-log.ts';
import { createFilter, listsOf, loggedLists } from './assemble-filter.ts';

test('a filter is made of what is written and of the lists that were read', () => {
  const lists = new DomainShelf();
  lists.put(new Map([['/a.txt', domainSetOfPatterns(['b.test']).memory]]));
  const settings = { mode: 'blocklist', domains: ['a.test'], files: ['/a.txt'] } as const;
  const policy = createFilter(settings, { lists, isForwardProxy: false });
  const why = (host: string): string | undefined =>
    policy.explain?.({ request: { host, target: '/' } } as Parameters<NonNullable<typeof policy.explain>>[0]);
  assert.equal(why('a.test'), 'a.test is covered by a.test of the blocklist (domains[0])');
  assert.equal(why('b.test'), 'b.test is covered by b.test of the blocklist (/a.txt:1)');
  const unread = { ...settings, files: ['/b.txt'] };
  assert.throws(() => createFilter(unread, { lists, isForwardProxy: false }), { code: 'internal' });
});

test('lists are named by the filters that are on', () => {
  const routes = [{ to: 'http://a', policies: { filter: { files: ['/b.txt'] } } }];
  assert.deepEqual(listsOf(configOf({ policies: { filter: { files: ['/a.txt'] } }, gateway: { routes } })), [
    '/a.txt',
    '/b.txt',
  ]);
});

test('a list that was read is logged, and once what was not understood in it', async (t) => {
  const file = join(temporaryFolder(t), 'a.txt');
  writeFileSync(file, 'a.test\nnot one\nnor this\n');
  const lines: [LogFields, string][] = [];
  const log = (fields: LogFields | string, message = ''): void => void lines.push([fields as LogFields, message]);
  const lists = loggedLists({ info: log, warn: log });
  await lists.read([file]);
  await lists.read([file]);
  assert.deepEqual(
    lines.map(([fields, message]) => [{ ...fields, duration_ms: 0 }, message]),
    [
      [{ file, entries: 1, duration_ms: 0 }, 'list of domains read'],
      [
        {
          file,
          lines: 2,
          first: `${file}:2`,
          reason: 'several words, and the first one is no address',
          duration_ms: 0,
        },
        'lines of a list left out',
      ],
    ],
  );
});
