import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import { Group } from '../../services/balance/group.ts';
import type { GroupOptions } from '../../services/balance/group-rules.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { RetryBudget } from '../../services/chain/retry-budget.ts';
import { type BackendOrigin, type BackendRetries, BalancedBackends, type KeyOf } from './balanced-backends.ts';
import { originOfUrl } from './origin-of-url.ts';

const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const UNAVAILABLE = head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 0');
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

interface Wanted {
  readonly options?: Partial<GroupOptions>;
  readonly retries?: Partial<BackendRetries>;
  readonly keyOf?: KeyOf;
  readonly names?: string;
}

class Rig {
  now = 1_000;
  readonly group: Group<BackendOrigin>;
  readonly target: BalancedBackends;

  constructor({ options, retries, keyOf, names = 'one two' }: Wanted = {}) {
    this.group = new Group<BackendOrigin>({
      name: 'gateway/1',
      table: new MemberTable({ capacity: 8 }),
      members: names.split(' ').map((id) => ({ id, data: { ...originOfUrl(`http://${id}`), member: null } })),
      options: { strategy: 'round_robin', now: () => this.now, ...options },
    });
    const rules = { attempts: 2, statuses: [], withinMs: null, budget: new RetryBudget(), repeats: false, ...retries };
    this.target = new BalancedBackends({ group: this.group, retries: rules, keyOf: keyOf ?? null });
  }

  play(t: TestContext): Playbook {
    return new Playbook(t, { target: this.target });
  }

  figures(id: string): [uses: number, successes: number, failures: number, active: number] {
    const state = this.group.find(id)?.state() ?? assert.fail(id);
    return [state.uses, state.successes, state.failures, state.active];
  }
}

describe('requests to several backends', () => {
  test('go to each in turn, and what came of them is counted', (t) => {
    const rig = new Rig();
    const play = rig.play(t);
    for (const name of ['one', 'two']) {
      play.downstreamSends(GET).expectDial(`http://${name}`).expectUpstream(/^GET/);
      assert.deepEqual(rig.figures(name), [1, 0, 0, 1]);
      play.upstreamSends(OK).expectDownstream(/ 200 /);
      assert.deepEqual(rig.figures(name), [1, 1, 0, 0]);
    }
  });

  test('of one key go to one backend', (t) => {
    const play = new Rig({ keyOf: ({ client }) => client.address }).play(t);
    const first = play.downstreamSends(GET);
    first.expectDial('http://two').expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/ 200 /);
    for (let turn = 0; turn < 3; turn++) {
      play.downstreamSends(GET).expectNoDial().expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/ 200 /);
    }
  });

  test('hold nothing against a backend that a client did not wait for', (t) => {
    const rig = new Rig();
    rig.play(t).downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/).clientCloses();
    assert.deepEqual(rig.figures('one'), [1, 0, 0, 0]);
  });

  test('are under way for as long as two are joined that speak another protocol', (t) => {
    const rig = new Rig();
    const upgrade = head('GET / HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: chat');
    const play = rig.play(t).downstreamSends(upgrade).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: chat'));
    play.expectDownstream(/ 101 /).downstreamSends('ping').expectUpstream('ping');
    assert.deepEqual(rig.figures('one'), [1, 0, 0, 1]);
    play.clientCloses();
    assert.deepEqual(rig.figures('one'), [1, 1, 0, 0]);
  });

  test('are over for good when their target is', () => {
    const rig = new Rig();
    rig.target.dispose();
    assert.equal(rig.group.members.length, 0);
  });
});

describe('a backend that fails', () => {
  test('is replaced by another one', (t) => {
    const rig = new Rig();
    const play = rig.play(t).downstreamSends(POST).expectDialBegins('http://one').upstreamRefuses();
    play
      .expectDial('http://two')
      .expectUpstream(/hello$/)
      .upstreamSends(OK)
      .expectDownstream(/ 200 /);
    assert.deepEqual(rig.figures('one'), [1, 0, 1, 0]);
    assert.deepEqual(rig.figures('two'), [1, 1, 0, 0]);
  });

  test('is the answer once it may have carried the request out', (t) => {
    const play = new Rig()
      .play(t)
      .downstreamSends(POST)
      .expectDial('http://one')
      .expectUpstream(/hello$/);
    play.upstreamCloses('reset').expectNoDial().expectError(502, 'upstream_reset');
  });

  test('is the answer when there is no other', (t) => {
    const play = new Rig({ names: 'one', retries: { attempts: 3 } }).play(t);
    play.downstreamSends(GET).expectDialBegins('http://one').upstreamRefuses();
    play.expectNoDial().expectError(502, 'upstream_unreachable');
  });

  test('is asked again when there is no other and that is wanted', (t) => {
    const play = new Rig({ names: 'one', retries: { attempts: 3, repeats: true } }).play(t);
    play.downstreamSends(GET).expectDialBegins('http://one').upstreamRefuses();
    play.expectDialBegins('http://one').upstreamRefuses();
    play.expectDial('http://one').expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/ 200 /);
  });

  test('is not replaced when too much is tried again, or too late', (t) => {
    const budget = new RetryBudget(0);
    while (budget.spend());
    for (const retries of [{ budget }, { withinMs: 0 }]) {
      const play = new Rig({ retries }).play(t).downstreamSends(GET).expectDialBegins('http://one').upstreamRefuses();
      play.expectNoDial().expectError(502, 'upstream_unreachable').end();
    }
  });
});

describe('an answer that says "not now"', () => {
  const retries = { statuses: [503] };

  test('is not passed on when another backend may do better', (t) => {
    const rig = new Rig({ retries });
    const play = rig.play(t).downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(UNAVAILABLE).expectDial('http://two').expectUpstream(/^GET/);
    play.upstreamSends(OK).expectDownstream(/ 200 /);
    assert.deepEqual(rig.figures('one'), [1, 0, 1, 0]);
  });

  test('is passed on when there is nobody else, and counts against its backend', (t) => {
    const rig = new Rig({ retries, names: 'one' });
    const play = rig.play(t).downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(UNAVAILABLE).expectNoDial().expectDownstream(/ 503 /);
    assert.deepEqual(rig.figures('one'), [1, 0, 1, 0]);
  });

  test('is passed on when too much is tried again', (t) => {
    const play = new Rig({ retries: { ...retries, withinMs: 0 } }).play(t);
    play.downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(UNAVAILABLE).expectNoDial().expectDownstream(/ 503 /);
  });

  test('has the same backend asked again where that is wanted', (t) => {
    const play = new Rig({ retries: { ...retries, repeats: true }, names: 'one' }).play(t);
    play.downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(UNAVAILABLE).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(OK).expectDownstream(/ 200 /);
  });
});

describe('backends that are left alone', () => {
  const breaker = { failures: 1, successes: 1, openForMs: 5_000, rate: null };

  test('get nothing until it is time to try them again', (t) => {
    const rig = new Rig({ options: { breaker } });
    const play = rig.play(t).downstreamSends(GET).expectDialBegins('http://one').upstreamRefuses();
    play.expectDial('http://two').expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/ 200 /);
    for (let turn = 0; turn < 3; turn++) {
      play.downstreamSends(GET).expectNoDial().expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/ 200 /);
    }
    rig.now += 5_000;
    play.downstreamSends(GET).expectDial('http://one').expectUpstream(/^GET/);
    play.upstreamSends(OK).expectDownstream(/ 200 /);
    assert.equal(rig.group.find('one')?.state().breaker, 'closed');
  });

  test('are an error that says when to come again', (t) => {
    const rig = new Rig({ options: { breaker }, names: 'one' });
    const play = rig.play(t).downstreamSends(GET).expectDialBegins('http://one').upstreamRefuses();
    play.expectError(502, 'upstream_unreachable');
    rig.now += 1_000;
    play
      .downstreamSends(GET)
      .expectNoDial()
      .expectDownstream(/^HTTP\/1\.1 503 [^]*Retry-After: 4\r\n[^]*"backends_exhausted"/);
  });

  test('are an error without a time when nobody knows one', (t) => {
    const rig = new Rig({ names: 'one' });
    rig.group.members[0]!.admin = 'disabled';
    const play = rig.play(t).downstreamSends(GET).expectNoDial();
    assert.doesNotMatch(play.takeDownstream(), /Retry-After/);
  });
});
