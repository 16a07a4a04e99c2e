import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE } from '../../../test/support/balance-rig.ts';
import { StickySessions, type SessionMove, type StickyOptions } from './sticky-sessions.ts';

const BREAKER = { failures: 1, successes: 1, openForMs: 1000, rate: null };

interface Scene {
  readonly rig: BalanceRig;
  readonly sessions: StickySessions;
  readonly moves: SessionMove[];
  /** The member that a session gets. */
  readonly pick: (key: string, ttlMs?: number) => string | null;
}

function setUp(ids: string, options: Partial<StickyOptions> = {}): Scene {
  const rig = new BalanceRig(ids, { breaker: BREAKER });
  const moves: SessionMove[] = [];
  const sessions = new StickySessions({
    ttlMs: 60_000,
    mode: 'strict',
    now: () => rig.now,
    onMove: (move) => moves.push(move),
    ...options,
  });
  const pick = (key: string, ttlMs?: number): string | null =>
    sessions.pick(rig.group, { key, ttlMs: ttlMs ?? null })?.id ?? null;
  return { rig, sessions, moves, pick };
}

const KEYS = Array.from({ length: 1000 }, (_, index) => `alice\n${index}`);

describe('a session', () => {
  test('keeps its member', () => {
    const { pick } = setUp('abcdef');
    const first = pick('alice\n1');
    for (let use = 0; use < 20; use += 1) assert.equal(pick('alice\n1'), first);
  });

  test('is bound alike in every thread, whatever came before', () => {
    const [one, other] = [setUp('abcdef'), setUp('fedcba')];
    other.rig.picks(17);
    assert.deepEqual(
      KEYS.map((key) => one.pick(key)),
      KEYS.toReversed()
        .map((key) => other.pick(key))
        .toReversed(),
    );
  });

  test('keeps its member when others come and go', () => {
    const { rig, pick } = setUp('abcdefghij');
    const before = KEYS.map((key) => pick(key));
    rig.update('bcdefghijklm');
    const after = KEYS.map((key) => pick(key));
    assert.ok(before.every((id, index) => (id === 'a' ? after[index] === null : after[index] === id)));
  });

  test('of one group has nothing to do with that of another', () => {
    const { rig, sessions } = setUp('ab');
    const other = new BalanceRig('cd');
    Object.defineProperty(other.group, 'name', { value: 'other' });
    sessions.pick(rig.group, { key: 'k', ttlMs: null });
    assert.match(sessions.pick(other.group, { key: 'k', ttlMs: null })?.id ?? '', /[cd]/);
    assert.match(sessions.boundTo(rig.group, 'k') ?? '', /[ab]/);
  });

  test('stays with a member that is being drained', () => {
    const { rig, pick } = setUp('abc');
    const id = pick('k')!;
    rig.member(id).admin = 'draining';
    assert.equal(pick('k'), id);
    const ids = KEYS.map((key) => pick(key));
    assert.ok(!ids.includes(id));
  });
});

describe('a strict session', () => {
  test('gets nobody while its member is out, and its member again afterwards', () => {
    const { rig, moves, pick } = setUp('abc');
    const id = pick('k')!;
    rig.use(id, FAILURE);
    assert.equal(pick('k'), null);
    rig.now += 1000;
    assert.equal(pick('k'), id);
    assert.deepEqual(moves, []);
  });

  test('gets nobody for a request for which its member has failed', () => {
    const { rig, sessions, pick } = setUp('abc');
    const bound = rig.member(pick('k')!);
    assert.equal(sessions.pick(rig.group, { key: 'k', ttlMs: null }, { exclude: new Set([bound]) }), null);
    assert.equal(pick('k'), bound.id);
  });

  test('is bound anew when its time is over', () => {
    const { rig, pick } = setUp('abc');
    const id = pick('k')!;
    rig.member(id).admin = 'disabled';
    rig.now += 59_999;
    assert.equal(pick('k'), null);
    rig.now += 1;
    assert.notEqual(pick('k'), null);
  });
});

describe('a flexible session', () => {
  test('moves when its member is out, says so, and stays there', () => {
    const { rig, moves, pick } = setUp('abc', { mode: 'flex' });
    const from = pick('k')!;
    rig.use(from, FAILURE);
    const to = pick('k')!;
    assert.notEqual(to, from);
    assert.deepEqual(moves, [{ group: 'group', session: 'k', from, to }]);
    rig.now += 1000;
    assert.equal(pick('k'), to);
  });

  test('moves when its member is gone', () => {
    const { rig, moves, pick } = setUp('ab', { mode: 'flex' });
    const from = pick('k')!;
    rig.update(from === 'a' ? 'b' : 'a');
    assert.notEqual(pick('k'), from);
    assert.equal(moves.length, 1);
  });

  test('goes elsewhere for one request, and does not move, when its member has failed for that one', () => {
    const { rig, sessions, moves, pick } = setUp('abc', { mode: 'flex' });
    const bound = rig.member(pick('k')!);
    const other = sessions.pick(rig.group, { key: 'k', ttlMs: null }, { exclude: new Set([bound]) });
    assert.notEqual(other?.id, bound.id);
    assert.equal(pick('k'), bound.id);
    assert.deepEqual(moves, []);
  });

  test('stays bound where it was when nobody else can be had', () => {
    const { rig, sessions, pick } = setUp('a', { mode: 'flex' });
    pick('k');
    rig.member('a').admin = 'disabled';
    assert.equal(pick('k'), null);
    assert.equal(sessions.boundTo(rig.group, 'k'), 'a');
  });

  test('moves when other tags are asked for', () => {
    const rig = new BalanceRig([
      { id: 'a', tags: { x: '1' } },
      { id: 'b', tags: { x: '2' } },
    ]);
    const sessions = new StickySessions({ ttlMs: 1000, mode: 'flex', now: () => rig.now });
    const session = { key: 'k', ttlMs: null };
    assert.equal(sessions.pick(rig.group, session, { tags: { x: '1' } })?.id, 'a');
    assert.equal(sessions.pick(rig.group, session, { tags: { x: '2' } })?.id, 'b');
  });
});

describe('a binding', () => {
  test('ends with its time, however busy it is', () => {
    const { rig, sessions, pick } = setUp('abc');
    for (let use = 0; use < 60; use += 1) {
      pick('k');
      rig.now += 1000;
    }
    assert.equal(sessions.boundTo(rig.group, 'k'), null);
  });

  test('ends when it is not used for a while', () => {
    const { rig, sessions, pick } = setUp('abc', { idleTtlMs: 5000 });
    pick('k');
    for (let use = 0; use < 3; use += 1) {
      rig.now += 4999;
      assert.notEqual(sessions.boundTo(rig.group, 'k'), null);
      pick('k');
    }
    rig.now += 5000;
    assert.equal(sessions.boundTo(rig.group, 'k'), null);
  });

  test('holds as long as the session asks, within a limit', () => {
    const { rig, sessions, pick } = setUp('abc', { maxTtlMs: 100_000 });
    pick('short', 1000);
    pick('long', 10 ** 9);
    rig.now += 1000;
    assert.equal(sessions.boundTo(rig.group, 'short'), null);
    rig.now += 98_999;
    assert.notEqual(sessions.boundTo(rig.group, 'long'), null);
    rig.now += 1;
    assert.equal(sessions.boundTo(rig.group, 'long'), null);
  });

  test('can be ended early', () => {
    const { rig, sessions, pick } = setUp('abc');
    pick('k');
    sessions.forget(rig.group, 'k');
    assert.equal(sessions.boundTo(rig.group, 'k'), null);
  });
});

describe('the memory of sessions', () => {
  test('is bounded: those unused for longest are forgotten', () => {
    const { rig, sessions, pick } = setUp('abc', { maxSessions: 10 });
    for (let key = 0; key < 10; key += 1) pick(`k${key}`);
    pick('k0');
    pick('new');
    assert.equal(sessions.size, 10);
    assert.notEqual(sessions.boundTo(rig.group, 'k0'), null);
    assert.equal(sessions.boundTo(rig.group, 'k1'), null);
  });

  test('loses what has ended as others come', () => {
    const { rig, sessions, pick } = setUp('abc');
    for (const key of KEYS) pick(key);
    rig.now += 60_000;
    for (let key = 0; key < 500; key += 1) pick(`new-${key}`);
    assert.equal(sessions.size, 500);
  });
});
