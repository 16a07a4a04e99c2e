import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig, FAILURE, SUCCESS } from '../../../test/support/balance-rig.ts';
import { STRATEGY_NAMES } from './group-rules.ts';
import { INT } from './member-slot.ts';
import { MemberTable } from './member-table.ts';
import type { Member } from './member.ts';
import type { Outcome } from './outcome.ts';

const BREAKER = { failures: 1, successes: 1, openForMs: 1000, rate: null };

describe('a group', () => {
  test('without members picks nobody', () => {
    const rig = new BalanceRig('');
    assert.equal(rig.group.pick(), null);
    assert.equal(rig.group.nextTrialAtMs(), Infinity);
    assert.equal(rig.group.retryAfterSeconds(), null);
  });

  test('with one member picks that one, by every strategy', () => {
    for (const strategy of STRATEGY_NAMES) assert.equal(new BalanceRig('a', { strategy }).picks(3), 'aaa', strategy);
  });

  test('picks nobody but whom the ask allows, by every strategy', () => {
    const tags = fc.constantFrom<Record<string, string>>({}, { x: '1' }, { x: '2' });
    const scene = fc.record({
      strategy: fc.constantFrom(...STRATEGY_NAMES),
      members: fc.array(fc.record({ tags, weight: fc.integer({ min: 1, max: 5 }), out: fc.boolean() }), {
        maxLength: 8,
      }),
      asks: fc.array(fc.record({ tags, tried: fc.nat(7), key: fc.option(fc.string()) }), { maxLength: 10 }),
    });
    fc.assert(
      fc.property(scene, ({ strategy, members, asks }) => {
        const rig = new BalanceRig(
          members.map((spec, index) => ({ id: String(index), ...spec })),
          { strategy },
        );
        members.forEach(({ out }, index) => {
          if (out) rig.member(String(index)).admin = 'disabled';
        });
        for (const ask of asks) {
          const tried = rig.group.find(String(ask.tried));
          const allowed = rig.group.members.filter(
            (member) =>
              member !== tried &&
              member.admin === 'enabled' &&
              (ask.tags['x'] ?? member.tags['x']) === member.tags['x'],
          );
          const exclude = tried === null ? null : new Set([tried]);
          const picked = rig.group.pick({ key: ask.key, tags: ask.tags, exclude });
          if (picked === null ? allowed.length > 0 : !allowed.includes(picked)) return false;
          picked?.begin();
        }
        return true;
      }),
    );
  });

  test('picks the same member for the same key, by every strategy', () => {
    for (const strategy of STRATEGY_NAMES) {
      const rig = new BalanceRig('abcdef', { strategy });
      const first = rig.group.pick({ key: 'session-1' })?.id;
      rig.picks(10);
      assert.equal(rig.group.pick({ key: 'session-1' })?.id, first, strategy);
      assert.equal(new BalanceRig('fedcba', { strategy }).group.pick({ key: 'session-1' })?.id, first, strategy);
    }
  });

  test('fails closed when every member is out', () => {
    const rig = new BalanceRig('ab', { breaker: BREAKER });
    rig.picks(2, FAILURE);
    assert.equal(rig.group.pick(), null);
    assert.equal(rig.group.pick({ key: 'k' }), null);
  });

  test('picks the least bad when every member is out, where that is asked for', () => {
    const rig = new BalanceRig('abcd', { breaker: BREAKER, whenAllOut: 'least_bad' });
    rig.member('c').admin = 'disabled';
    rig.use('d', { kind: 'auth_failed', reason: 'unauthorized' });
    rig.use('b', FAILURE);
    rig.now += 10;
    rig.use('a', FAILURE);
    assert.equal(rig.picks(1, FAILURE), 'b');
    rig.takeEvents();
    assert.equal(rig.picks(1), 'b');
    assert.deepEqual(rig.events, ['b closed']);
  });

  test('tells why each member would be picked or not', () => {
    const rig = new BalanceRig(
      [
        { id: 'a', tags: { x: '1' } },
        { id: 'b', tags: { x: '2' } },
        { id: 'c', tags: { x: '1' } },
      ],
      { breaker: BREAKER },
    );
    rig.use('c', FAILURE);
    const told = rig.group
      .explain({ tags: { x: '1' } })
      .map(({ member, fits, obstacle }) => [member.id, fits, obstacle]);
    assert.deepEqual(told, [
      ['a', true, null],
      ['b', false, null],
      ['c', true, 'open'],
    ]);
  });

  test('says when the first of those that wait is tried again', () => {
    const rig = new BalanceRig('ab', { breaker: BREAKER });
    rig.use('a', { kind: 'busy', retryAfterMs: 4200 });
    rig.use('b', { kind: 'busy', retryAfterMs: 2200 });
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 2200);
    assert.equal(rig.group.retryAfterSeconds(), 3);
    rig.member('b').admin = 'disabled';
    assert.equal(rig.group.retryAfterSeconds(), 5);
    rig.member('a').admin = 'disabled';
    assert.equal(rig.group.retryAfterSeconds(), null);
  });
});

describe('whoever listens to a group', () => {
  test('hears when another member is picked, and of each failure that is held against one', () => {
    const heard: string[] = [];
    const rig = new BalanceRig('ab', {
      onRotate: () => heard.push('rotated'),
      onFailure: (id, reason) => heard.push(`${id} ${reason}`),
    });
    for (let picks = 0; picks < 3; picks += 1) rig.group.pick();
    const [a] = rig.group.members;
    for (let picks = 0; picks < 3; picks += 1) rig.group.pick({ exclude: new Set(a === undefined ? [] : [a]) });
    rig.use('a', FAILURE);
    rig.use('a', { kind: 'auth_failed', reason: 'hop_auth_failed' });
    rig.use('b', { kind: 'ambiguous', target: 'x', reason: 'hop_timeout' });
    assert.deepEqual(heard, ['rotated', 'rotated', 'rotated', 'a upstream_unreachable', 'a hop_auth_failed']);
  });
});

describe('priorities', () => {
  test('are gone through from the lowest number up, backups last', () => {
    const rig = new BalanceRig([{ id: 'z', backup: true }, { id: 'c', priority: 5 }, { id: 'a' }, { id: 'b' }], {
      breaker: BREAKER,
    });
    assert.equal(rig.picks(3), 'aba');
    for (const id of 'ab') rig.use(id, FAILURE);
    assert.equal(rig.picks(2), 'cc');
    rig.use('c', FAILURE);
    assert.equal(rig.picks(2), 'zz');
  });

  test('are followed back as soon as somebody better can be picked again', () => {
    const rig = new BalanceRig([{ id: 'a' }, { id: 'z', backup: true }], { breaker: BREAKER });
    rig.use('a', FAILURE);
    assert.equal(rig.picks(1), 'z');
    rig.now += 1000;
    assert.equal(rig.picks(2), 'aa');
  });

  test('come before keys', () => {
    const rig = new BalanceRig([{ id: 'a' }, { id: 'z', backup: true }]);
    for (let key = 0; key < 20; key += 1) assert.equal(rig.group.pick({ key: String(key) })?.id, 'a');
  });
});

describe('an update', () => {
  test('keeps the members that stay, with their new configuration', () => {
    const rig = new BalanceRig('abc');
    const before = rig.member('b');
    rig.update([{ id: 'b', weight: 7, tags: { x: '1' } }, { id: 'd' }]);
    assert.equal(rig.member('b'), before);
    assert.equal(before.weight, 7);
    assert.equal(rig.group.find('a'), null);
    assert.deepEqual(
      rig.group.members.map(({ id }) => id),
      ['b', 'd'],
    );
  });

  test('begins no new round', () => {
    const rig = new BalanceRig('abc');
    assert.equal(rig.picks(2), 'ab');
    rig.update('abcd');
    assert.equal(rig.picks(4), 'cdab');
  });

  test('starts slowly with those that are new, not with those of the beginning', () => {
    const rig = new BalanceRig('ab', { slowStartMs: 1000 });
    rig.update('abc');
    assert.deepEqual(
      rig.group.members.map(({ isWarming }) => isWarming),
      [false, false, true],
    );
  });

  test('is told to those who watch', () => {
    const rig = new BalanceRig('ab');
    const seen: number[] = [];
    const unwatch = rig.group.watch(() => seen.push(rig.group.members.length));
    rig.update('abc');
    unwatch();
    rig.update('a');
    assert.deepEqual(seen, [3]);
  });

  test('is possible any number of times', () => {
    const rig = new BalanceRig('ab');
    for (let round = 0; round < 1000; round += 1) rig.update([{ id: 'a' }, { id: `new-${round}` }]);
    assert.equal(rig.group.members.length, 2);
  });
});

describe('a slow start', () => {
  for (const strategy of STRATEGY_NAMES.filter((name) => name !== 'least_latency')) {
    test(`gives a new member little at first, by ${strategy}`, () => {
      const rig = new BalanceRig('ab', { strategy, slowStartMs: 60_000 });
      rig.update('abc');
      const early = rig.shares(900)['c'] ?? 0;
      rig.now += 60_001;
      const late = rig.shares(900)['c'] ?? 0;
      assert.ok(early > 0 && early < 120, `${early} of 900 at first`);
      assert.ok(late > 240 && late < 360, `${late} of 900 later`);
    });
  }

  test('follows a recovery', () => {
    const rig = new BalanceRig('ab', { breaker: BREAKER, slowStartMs: 1000 });
    rig.use('a', FAILURE);
    rig.now += 1000;
    rig.use('a');
    assert.equal(rig.member('a').isWarming, true);
  });

  test('does not keep a group of new members from working', () => {
    const rig = new BalanceRig('a', { slowStartMs: 1000 });
    rig.update('b');
    assert.equal(rig.picks(3), 'bbb');
  });
});

describe('whatever happens to its members, a group', () => {
  const outcome = fc.oneof(
    fc.constant<Outcome>(SUCCESS),
    fc.constant<Outcome>(FAILURE),
    fc.constant<Outcome>({ kind: 'neutral' }),
    fc.constant<Outcome>({ kind: 'busy', retryAfterMs: 700 }),
    fc.constant<Outcome>({ kind: 'auth_failed', reason: 'unauthorized' }),
    fc
      .constantFrom('x', 'y', 'z')
      .map((target): Outcome => ({ kind: 'ambiguous', target, reason: 'upstream_timeout' })),
    fc.constantFrom('x', 'y', 'z').map((target): Outcome => ({ kind: 'success', latencyMs: 5, target })),
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const), key: fc.option(fc.constantFrom('k', 'l')) }),
    fc.record({ kind: fc.constant('end' as const), which: fc.nat(20), outcome }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3000) }),
    fc.record({ kind: fc.constant('update' as const), ids: fc.constantFrom('ab', 'abc', 'bcd', 'a') }),
    fc.record({ kind: fc.constant('check' as const), passed: fc.boolean(), which: fc.nat(3) }),
  );
  const scene = fc.record({
    strategy: fc.constantFrom(...STRATEGY_NAMES),
    trials: fc.integer({ min: 1, max: 3 }),
    maxEjectedShare: fc.constantFrom(0.5, 1),
    steps: fc.array(step, { maxLength: 120 }),
  });

  test('ends with nothing under way, keeps to its trials, and recovers', () => {
    fc.assert(
      fc.property(scene, ({ strategy, trials, maxEjectedShare, steps }) => {
        const breaker = { failures: 2, successes: 2, openForMs: 1000, trials };
        const rig = new BalanceRig('abc', { strategy, breaker, maxEjectedShare, authRetryMs: 2000, slowStartMs: 100 });
        const uses: { member: Member<string>; ticket: number }[] = [];
        const seen = new Set(rig.group.members);
        for (const each of steps) {
          if (each.kind === 'wait') rig.now += each.ms;
          else if (each.kind === 'update') rig.update(each.ids);
          else if (each.kind === 'begin') {
            const member = rig.group.pick({ key: each.key });
            if (member === null) continue;
            assert.equal(member.obstacle, null);
            uses.push({ member, ticket: member.begin() });
            if (member.isTripped) assert.ok(member.slot.get(INT.TRIALS) <= trials);
          } else if (each.kind === 'end') {
            const [use] = uses.splice(each.which % Math.max(1, uses.length), 1);
            use?.member.end(use.ticket, each.outcome);
          } else {
            const member = rig.group.members[each.which % rig.group.members.length]!;
            const result = each.passed
              ? ({ passed: true, latencyMs: 9 } as const)
              : ({ passed: false, reason: 'upstream_reset' } as const);
            member.check(result, { unhealthyAfter: 2, healthyAfter: 1 });
          }
          for (const member of rig.group.members) seen.add(member);
        }
        for (const { member, ticket } of uses) member.end(ticket, SUCCESS);
        assert.ok([...seen].every(({ active }) => active === 0));
        // Once all is well again, everybody is back within the longest time that anything takes.
        for (let round = 0; round < 4; round += 1) {
          rig.now += 24_000;
          for (const member of rig.group.members) {
            member.check({ passed: true, latencyMs: 9 }, { unhealthyAfter: 2, healthyAfter: 1 });
            if (member.obstacle === null) member.end(member.begin(), SUCCESS);
          }
        }
        assert.deepEqual(
          rig.group.members.map(({ obstacle, isTripped }) => [obstacle, isTripped]),
          rig.group.members.map(() => [null, false]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('gives every slot back, after any number of reloads with uses under way', () => {
    const table = new MemberTable({ capacity: 8 });
    let current = new BalanceRig('abc', {}, table);
    const uses: (() => void)[] = [];
    for (let reload = 0; reload < 1000; reload += 1) {
      const member = current.group.pick()!;
      const ticket = member.begin();
      uses.push(() => member.end(ticket, SUCCESS));
      const next = new BalanceRig(reload % 2 === 0 ? 'abcd' : 'abc', {}, table);
      current.group.dispose();
      current = next;
      if (uses.length > 5) uses.shift()!();
    }
    for (const end of uses) end();
    current.group.dispose();
    for (const id of 'abcd') {
      const slot = table.hold(`group\n${id}`);
      assert.deepEqual([slot.get(INT.HOLDERS), slot.get(INT.ACTIVE)], [1, 0]);
    }
  });
});
