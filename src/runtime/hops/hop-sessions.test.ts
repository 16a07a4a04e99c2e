import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpointAt, groupOf } from '../../../test/support/chain-rig.ts';
import { configOf } from '../../../test/support/gateway.ts';
import type { Credentials } from '../../services/chain/proxy-endpoint.ts';
import { ConfiguredSessions, SessionBindings } from './hop-sessions.ts';
import type { Session } from '../registry.ts';

const NOBODY_TRIED: ReadonlySet<never> = new Set();

function session(key: string, more: Partial<Session> = {}): Session {
  return { key, ttlMs: 0, tags: {}, ...more };
}

function sessionsFor(settings: { egress?: object; hops?: object }): ConfiguredSessions {
  const config = configOf({ egress: {}, ...settings });
  return new ConfiguredSessions(new SessionBindings().under(config.egress.sticky), config);
}

describe('the member of a session', () => {
  const exits = groupOf('exits', [endpointAt(1), endpointAt(2), endpointAt(3)]);

  test('is left to the strategy where there is no session', () => {
    assert.equal(sessionsFor({}).choose(session(''), exits, NOBODY_TRIED), undefined);
  });

  test('stays the same', () => {
    const sessions = sessionsFor({});
    for (const key of ['one', 'two', 'three', 'alice one']) {
      const first = sessions.choose(session(key), exits, NOBODY_TRIED);
      assert.ok(first);
      for (let i = 0; i < 3; i++) assert.equal(sessions.choose(session(key), exits, NOBODY_TRIED), first);
    }
  });

  test('is another one for a request that has failed there, or nobody for a strict session', () => {
    for (const mode of ['flex', 'strict']) {
      const sessions = sessionsFor({ egress: { sticky: { mode } } });
      const first = sessions.choose(session('one'), exits, NOBODY_TRIED)!;
      const next = sessions.choose(session('one'), exits, new Set([first]));
      if (mode === 'strict') assert.equal(next, null);
      else assert.ok(next !== null && next !== undefined && next !== first);
      assert.equal(sessions.choose(session('one'), exits, NOBODY_TRIED), first, 'a single failure moves nothing');
    }
  });

  test('has the tags that are asked for', () => {
    const sessions = sessionsFor({});
    for (const key of ['one', 'two', 'three']) {
      const found = sessions.choose(session(key, { tags: { country: 'fr' } }), exits, NOBODY_TRIED);
      assert.equal(found?.id, 'exits-0');
    }
  });
});

describe('what the provider behind a hop is told', () => {
  const login = { username: 'jo', password: 'pw' };
  const at = (hop: string): ReturnType<typeof endpointAt> => endpointAt(1, { hop, ...login });
  const told = (settings: object, asked: Session): Credentials | null =>
    sessionsFor({ hops: { exits: { proxy: 'http://127.0.0.1:1', session: settings } } }).credentialsFor(
      asked,
      at('exits'),
    );

  test('is nothing where it is not told', () => {
    const sessions = sessionsFor({ hops: { exits: { proxy: 'http://127.0.0.1:1' } } });
    assert.equal(sessions.credentialsFor(session('one'), at('exits')), null);
  });

  test('is written as its template has it', () => {
    assert.deepEqual(told({ template: 'bright_data' }, session('cart7')), {
      username: 'jo-session-cart7',
      password: 'pw',
    });
  });

  test('is what the configuration writes, with the tags of the way', () => {
    const settings = { username: '{user}[-cc-{country}][-sid-{session}[-ttl-{ttl}]]', ttl: { unit: 'minutes' } };
    const full = session('cart7', { ttlMs: 600_000, tags: { country: 'FR' } });
    assert.equal(told(settings, full)?.username, 'jo-cc-fr-sid-cart7-ttl-10');
    assert.equal(told(settings, session(''))?.username, 'jo');
    assert.equal(told({ ...settings, country: 'upper' }, full)?.username, 'jo-cc-FR-sid-cart7-ttl-10');
  });

  test('is an id that fits, the same for the same session and another for another user', () => {
    const settings = { username: '{session}', id: { alphabet: '0123456789', min_length: 4, max_length: 6 } };
    const ids = ['alice cart', 'bob cart', 'alice cart'].map((key) => told(settings, session(key))?.username);
    for (const id of ids) assert.match(id ?? '', /^\d{4,6}$/);
    assert.equal(ids[0], ids[2]);
    assert.notEqual(ids[0], ids[1]);
  });
});

describe('the bindings of sessions', () => {
  test('outlive a reload as long as the rules for them stay the same', () => {
    const bindings = new SessionBindings();
    const under = (sticky: object): unknown => bindings.under(configOf({ egress: { sticky } }).egress.sticky);
    const first = under({});
    assert.equal(under({ header: 'X-Other' }), first);
    for (const change of [{ ttl: '1m' }, { mode: 'strict' }, { idle_ttl: '5s' }, { max_ttl: '1h' }]) {
      assert.notEqual(under(change), first, JSON.stringify(change));
    }
  });
});
