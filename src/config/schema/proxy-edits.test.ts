import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hopChangesSchema, proxyPatchSchema, proxySpecSchema } from './proxy-edits.ts';

describe('a proxy that joins', () => {
  test('is filled in as one of the configuration', () => {
    assert.deepEqual(proxySpecSchema.parse({ url: 'http://u:p@h.example:1', tags: { tier: 1 } }), {
      id: 'h.example:1',
      url: 'http://u:p@h.example:1',
      weight: 1,
      priority: 1,
      backup: false,
      enabled: true,
      tags: { tier: '1' },
    });
    assert.equal(proxySpecSchema.parse({ id: 'fr-1', url: 'http://h' }).id, 'fr-1');
  });

  test('is refused without a URL, with one of another kind, and with keys that nobody knows', () => {
    for (const wrong of [{}, { url: 'ftp://h' }, { url: 'http://h', weigth: 2 }, { url: 'http://h', id: 'a/b' }]) {
      assert.equal(proxySpecSchema.safeParse(wrong).success, false);
    }
  });
});

describe('a change', () => {
  test('says only what changes', () => {
    assert.deepEqual(proxyPatchSchema.parse({ weight: 3 }), { weight: 3 });
    assert.deepEqual(proxyPatchSchema.parse({}), {});
    for (const wrong of [{ weight: 0 }, { enabled: 'no' }, { id: 'other' }]) {
      assert.equal(proxyPatchSchema.safeParse(wrong).success, false);
    }
  });
});

test('changes that are kept read as they were written', () => {
  const proxy = proxySpecSchema.parse({ id: 'fr-1', url: 'http://h' });
  const changes = [
    { kind: 'put', hop: 'exits', id: 'fr-1', proxy, draining: false },
    { kind: 'patch', hop: 'exits', id: 'de-1', patch: { enabled: false }, draining: true },
    { kind: 'removed', hop: 'exits', id: 'it-1' },
  ];
  assert.deepEqual(hopChangesSchema.parse(JSON.parse(JSON.stringify(changes))), changes);
  assert.equal(hopChangesSchema.safeParse([{ kind: 'other', hop: 'exits', id: 'a' }]).success, false);
});
