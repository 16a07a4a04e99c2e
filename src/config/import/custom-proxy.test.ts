import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlainValue } from '../source-tree.ts';
import { fromCustomProxy, fromFilters } from './custom-proxy.ts';
import { ForeignSection } from './foreign-section.ts';
import { ImportNotes } from './import-notes.ts';

function sectionOf(document: PlainValue): ForeignSection {
  return new ForeignSection(document, new ImportNotes());
}

describe('a file of the custom proxy', () => {
  test('listens where it did by default, and sets the header fields that it always set', () => {
    const { gateway, egress } = fromCustomProxy(sectionOf({}));
    assert.deepEqual(gateway, { listen: '0.0.0.0:8080', policies: { headers: { security: true } } });
    assert.deepEqual(egress, { listen: null });
  });

  test('turns prefixes of paths into paths with a star', () => {
    const rules = [
      { match: { path_prefix: '/api/' }, forward: { target: 'a:1' } },
      { match: { path: '/x' }, forward: { target: 'https://b' } },
    ];
    const { gateway } = fromCustomProxy(sectionOf({ routing: { rules } }));
    assert.deepEqual((gateway as { routes: unknown }).routes, [
      { match: { path: '/api/*' }, to: 'http://a:1' },
      { match: { path: '/x' }, to: 'https://b' },
    ]);
  });

  test('has a cache, a limit and a filter only when they are switched on', () => {
    const off = { enabled: false };
    const { gateway } = fromCustomProxy(sectionOf({ cache: off, security: { rate_limiting: off, filtering: off } }));
    assert.deepEqual((gateway as { policies: unknown }).policies, { headers: { security: true } });
  });
});

test('filters alone make a filter, whatever they are wrapped in', () => {
  const expected = { gateway: { policies: { filter: { mode: 'allowlist', domains: ['a.example'] } } } };
  assert.deepEqual(fromFilters(sectionOf({ mode: 'allowlist', allowed: ['a.example'] })), expected);
  assert.deepEqual(
    fromFilters(sectionOf({ filtering: { mode: 'ALLOWLIST', domains: { allowed: ['a.example'] } } })),
    expected,
  );
  assert.deepEqual(fromFilters(sectionOf({})), {});
});
