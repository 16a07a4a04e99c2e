import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SessionSuffix } from './session-suffix.ts';

const suffix = new SessionSuffix('session-{id}');

describe('a session in a user name', () => {
  const cases: [name: string, user: string, id: string | null, ttlMs: number | null][] = [
    ['alice', 'alice', null, null],
    ['alice-session-abc', 'alice', 'abc', null],
    ['alice-session-abc-ttl-10m', 'alice', 'abc', 600_000],
    ['alice-session-abc-ttl-1h30m', 'alice', 'abc', 5_400_000],
    ['alice-session-3f2a-11', 'alice', '3f2a-11', null],
    ['mary-ann-session-x', 'mary-ann', 'x', null],
    ['session-abc', '', 'abc', null],
    ['session-abc-ttl-5s', '', 'abc', 5000],
    ['a-session-b-session-c', 'a-session-b', 'c', null],
    ['alice-session-', 'alice-session-', null, null],
    ['alice-session-two words', 'alice-session-two words', null, null],
    ['alice-session-abc-ttl-soon', 'alice', 'abc-ttl-soon', null],
    ['alice-session-abc-ttl-0s', 'alice', 'abc-ttl-0s', null],
    ['alice-ttl-10m', 'alice-ttl-10m', null, null],
    ['obsession-abc', 'obsession-abc', null, null],
    ['', '', null, null],
  ];
  for (const [name, user, id, ttlMs] of cases) {
    test(`reads "${name}" as ${id === null ? 'no session' : `session ${id} of "${user}"`}`, () => {
      assert.deepEqual(suffix.split(name), { user, session: id === null ? null : { id, ttlMs } });
    });
  }

  test('is not looked for in the whole name of a user', () => {
    const isUser = (user: string): boolean => user === 'team-session-one';
    assert.deepEqual(suffix.split('team-session-one', isUser), { user: 'team-session-one', session: null });
    assert.deepEqual(suffix.split('team-session-one-session-7', isUser), {
      user: 'team-session-one',
      session: { id: '7', ttlMs: null },
    });
  });

  test('may hold what looks like another one, where that makes the user a known one', () => {
    const isUser = (user: string): boolean => user === 'alice';
    assert.deepEqual(suffix.split('alice-session-a-session-b', isUser), {
      user: 'alice',
      session: { id: 'a-session-b', ttlMs: null },
    });
  });

  test('is read from the right where no user is known', () => {
    assert.equal(suffix.split('mallory-session-a-session-b', () => false).user, 'mallory-session-a');
  });

  test('may be written by another pattern', () => {
    assert.deepEqual(new SessionSuffix('sid.{id}.').split('bob-sid.42.'), {
      user: 'bob',
      session: { id: '42', ttlMs: null },
    });
    assert.equal(new SessionSuffix('sid.{id}.').split('bob-sid.42').session, null);
  });

  test('refuses a pattern that does not say where the id is', () => {
    for (const pattern of ['session', '{id}', '{id}-session', 'session-{id}-{id}', '']) {
      assert.throws(() => new SessionSuffix(pattern), { code: 'config_invalid' }, pattern);
    }
  });

  test('always gives back what was put together', () => {
    const user = fc.stringMatching(/^[a-z][a-z-]{0,10}[a-z]$/).filter((text) => !text.includes('session'));
    const id = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/).filter((text) => !/session-|ttl-/.test(text));
    fc.assert(
      fc.property(user, id, fc.option(fc.integer({ min: 1, max: 500 })), (name, session, minutes) => {
        const ttl = minutes === null ? '' : `-ttl-${minutes}m`;
        const split = suffix.split(`${name}-session-${session}${ttl}`);
        assert.deepEqual(split, {
          user: name,
          session: { id: session, ttlMs: minutes === null ? null : minutes * 60_000 },
        });
      }),
    );
  });
});
