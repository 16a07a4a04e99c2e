import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainKeyName, type Explanation, type UnknownKey } from './explanation.ts';

function explain(name: string): Explanation {
  const found = explainKeyName(name);
  assert.ok(!('unknown' in found), JSON.stringify(found));
  return found;
}

function unknown(name: string): UnknownKey {
  const found = explainKeyName(name);
  assert.ok('unknown' in found);
  return found;
}

describe('an explanation', () => {
  test('has type, default, description and example', () => {
    const { type, description, examples, ...rest } = explain('gateway.routes[].match.host');
    assert.equal(type, 'text, or list of texts');
    assert.match(description, /^The host/);
    assert.deepEqual(examples, ['api.example.com']);
    assert.deepEqual(rest, { key: 'gateway.routes[].match.host', default: [], secret: false, keys: [] });
  });

  test('is the same with and without numbers of items', () => {
    const [open, numbered, none] = ['gateway.routes[].to', 'gateway.routes[3].to', 'gateway.routes.to'].map(explain);
    assert.deepEqual({ ...open, key: '' }, { ...numbered, key: '' });
    assert.deepEqual({ ...open, key: '' }, { ...none, key: '' });
  });

  test('lists the keys below, also those of items and of names that are free', () => {
    assert.deepEqual(
      explain('process').keys.map(({ key }) => key),
      ['workers', 'state', 'node', 'data_dir', 'shutdown_grace', 'shutdown_delay'],
    );
    assert.ok(explain('users').keys.some(({ key }) => key === 'may'));
    assert.ok(explain('hops').keys.some(({ key }) => key === 'proxies'));
    assert.ok(explain('').keys.some(({ key, description }) => key === 'gateway' && description !== ''));
  });

  test('says what is secret, and has no default where there is none', () => {
    assert.equal(explain('users[].token').secret, true);
    assert.equal('default' in explain('users[].name'), false);
    assert.equal('default' in explain('log.file'), true);
  });

  test('of a key that is not there names the near one, and what is possible', () => {
    assert.deepEqual(
      { ...unknown('gateway.rotes[].to'), possible: [] },
      {
        known: 'gateway',
        unknown: 'rotes',
        nearest: 'routes',
        possible: [],
      },
    );
    assert.deepEqual(unknown('cache.x').possible, ['max_memory', 'default_ttl', 'disk', 'state_timeout']);
    assert.equal(unknown('what is this?').nearest, undefined);
  });
});
