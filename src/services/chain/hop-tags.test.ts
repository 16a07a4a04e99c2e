import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type TaggedHop, tagsAt } from './hop-tags.ts';

const FRENCH = { country: 'fr' };

function hop(name: string, ...tags: readonly Readonly<Record<string, string>>[]): TaggedHop {
  return { name, members: tags.map((each) => ({ tags: each })) };
}

const corporate = hop('corporate', {});
const exits = hop('exits', { country: 'fr' }, { country: 'de', kind: 'mobile' }, {});
const provider = hop('provider', {});
const isTold = (name: string, label: string): boolean => name === 'provider' && label === 'country';

describe('the labels that are asked of a hop', () => {
  test('are those that one of its proxies has', () => {
    const way = [corporate, exits];
    assert.deepEqual(tagsAt(corporate, way, FRENCH, isTold), {});
    assert.deepEqual(tagsAt(exits, way, FRENCH, isTold), FRENCH);
    assert.deepEqual(tagsAt(exits, [exits, corporate], FRENCH, isTold), FRENCH);
    assert.deepEqual(tagsAt(corporate, [exits, corporate], FRENCH, isTold), {});
  });

  test('are none where the provider is told instead', () => {
    assert.deepEqual(tagsAt(provider, [corporate, provider], FRENCH, isTold), {});
  });

  test('are all at the last hop when no hop knows them: then nobody will do', () => {
    assert.deepEqual(tagsAt(corporate, [corporate], FRENCH, isTold), FRENCH);
    assert.deepEqual(tagsAt(exits, [corporate, exits], { ...FRENCH, city: 'x' }, isTold), { ...FRENCH, city: 'x' });
    assert.deepEqual(tagsAt(corporate, [corporate, exits], { city: 'x' }, isTold), {});
    assert.deepEqual(tagsAt(provider, [provider], { ...FRENCH, city: 'x' }, isTold), { city: 'x' });
  });

  test('are none when none are asked for', () => {
    const none = {};
    assert.equal(tagsAt(exits, [exits], none, isTold), none);
  });
});
