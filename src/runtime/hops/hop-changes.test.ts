import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { proxySpecSchema } from '../../config/schema/proxy-edits.ts';
import { drainingIn, findProxy, type HopChanges, type HopEdit, withEdit, withHopChanges } from './hop-changes.ts';

const NONE: HopChanges = new Map();

const CONFIG = configOf({
  hops: {
    corporate: { proxy: 'http://corp.example:8080' },
    exits: {
      tls: { verify: false },
      proxies: [
        { id: 'a', url: 'https://a.example', weight: 2 },
        { id: 'b', url: 'http://b.example' },
      ],
    },
  },
});

const add = (hop: string, id: string, url = 'https://new.example'): HopEdit => {
  return { kind: 'add', hop, proxy: proxySpecSchema.parse({ id, url }) };
};
const change = (name: string, patch: object, draining?: boolean): HopEdit => {
  return { kind: 'change', name, patch, ...(draining === undefined ? {} : { draining }) };
};
const remove = (name: string): HopEdit => ({ kind: 'remove', name });

function after(...edits: readonly HopEdit[]): HopChanges {
  return edits.reduce<HopChanges>((changes, edit) => withEdit(CONFIG, changes, edit), NONE);
}

function urls(changes: HopChanges, hop = 'exits'): string[] {
  return withHopChanges(CONFIG, changes).hops[hop]?.proxies.map(({ id, url }) => `${id} ${url}`) ?? [];
}

describe('changes to hops', () => {
  test('change nothing when there are none', () => {
    assert.equal(withHopChanges(CONFIG, NONE), CONFIG);
  });

  test('add proxies behind those of the configuration, with the TLS of their hop', () => {
    const changes = after(add('exits', 'c'), add('corporate', 'second'));
    assert.deepEqual(urls(changes).at(-1), 'c https://new.example');
    assert.equal(withHopChanges(CONFIG, changes).hops['exits']?.proxies.at(-1)?.tls?.verify, false);
    assert.deepEqual(urls(changes, 'corporate'), ['corporate http://corp.example:8080', 'second https://new.example']);
    assert.equal(CONFIG.hops['exits']?.proxies.length, 2);
  });

  test('take proxies away, and put others in their place', () => {
    assert.deepEqual(urls(after(remove('exits/a'))), ['b http://b.example']);
    assert.deepEqual(urls(after(remove('exits/a'), add('exits', 'a'))), [
      'a https://new.example',
      'b http://b.example',
    ]);
    assert.equal(after(add('exits', 'c'), remove('exits/c')).size, 0);
    assert.deepEqual(urls(after(remove('exits/a'), remove('exits/b'))), []);
  });

  test('add up', () => {
    const changes = after(change('exits/a', { weight: 5 }), change('exits/a', { enabled: false }));
    const a = findProxy(withHopChanges(CONFIG, changes), 'exits/a')?.proxy;
    assert.deepEqual([a?.weight, a?.enabled, a?.url], [5, false, 'https://a.example']);
    const added = after(add('exits', 'c'), change('exits/c', { weight: 3 }));
    assert.equal(findProxy(withHopChanges(CONFIG, added), 'exits/c')?.proxy.weight, 3);
  });

  test('remember who is drained until they are not, or gone', () => {
    const draining = after(change('exits/a', {}, true), change('exits/a', { weight: 9 }));
    assert.deepEqual([...drainingIn(draining)], ['exits/a']);
    assert.deepEqual([...drainingIn(withEdit(CONFIG, draining, change('exits/a', {}, false)))], []);
    assert.deepEqual([...drainingIn(withEdit(CONFIG, draining, remove('exits/a')))], []);
  });

  test('are refused where there is nothing to change, or something in the way', () => {
    assert.throws(() => after(add('other', 'c')), { code: 'not_found', message: /no hop "other"/ });
    assert.throws(() => after(add('constructor', 'c')), { code: 'not_found' });
    assert.throws(() => after(add('exits', 'a')), { code: 'already_exists' });
    assert.throws(() => after(change('exits/c', {})), { code: 'not_found' });
    assert.throws(() => after(remove('exits/a'), change('exits/a', {})), { code: 'not_found' });
  });

  test('mean nothing where the configuration has lost what they were about', () => {
    const changes = after(add('exits', 'c'), change('corporate', { weight: 2 }), remove('exits/b'));
    const smaller = configOf({ hops: { other: { proxy: 'http://o.example' } } });
    assert.deepEqual(withHopChanges(smaller, changes).hops, smaller.hops);
  });
});
