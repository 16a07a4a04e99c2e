import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AccountRig } from '../../../test/support/account-rig.ts';
import { head, origin, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Account } from '../../services/accounts/account.ts';
import { Accounts } from './accounts.ts';

const ORIGIN = origin();
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const LIMITED = head('HTTP/1.1 429 Too Many Requests', 'Content-Length: 0', 'Retry-After: 60');
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

/** A login that becomes ready when the test wants it. */
class SlowLogin implements Account {
  readonly kind = 'store';
  isReady = false;
  isDead = false;
  renewed = Promise.withResolvers<boolean>();
  private readonly asked = Promise.withResolvers<void>();

  require(): Promise<void> {
    return this.asked.promise;
  }

  comes(): void {
    this.isReady = true;
    this.asked.resolve();
  }

  fails(): void {
    this.isDead = true;
    this.asked.reject(new Error('no login'));
  }

  renew(): Promise<boolean> {
    return this.renewed.promise;
  }

  put(): void {}
  dispose(): void {}
}

interface Stage {
  readonly play: Playbook;
  readonly rig: AccountRig;
  /** Which account each attempt was begun with. */
  readonly sent: string[];
}

function stage(t: TestContext, ids: string, logins: Readonly<Record<string, Account>> = {}): Stage {
  const rig = new AccountRig(ids, {}, logins);
  const target = new Accounts({ accounts: rig.group, provider: { select: () => ORIGIN }, resendBytes: 1000 });
  const sent: string[] = [];
  const policy: Policy = {
    name: 'account',
    upstream: ({ exit }) => void sent.push(exit),
    response: (exchange) => target.answered(exchange),
  };
  const play = new Playbook(t, { target, policies: [policy] });
  t.after(() =>
    assert.deepEqual(rig.group.members.map(({ active }) => active).filter(Boolean), [], 'uses that never end'),
  );
  return { play, rig, sent };
}

describe('a request', () => {
  test('goes with another account when the first one is limited', async (t) => {
    const { play, rig, sent } = stage(t, 'ab');
    play.downstreamSends(POST).expectDial().takeUpstream();
    play.upstreamSends(LIMITED);
    await play.promises();
    play.expectDial().expectUpstream(/hello$/);
    play.upstreamSends(OK).expectDownstream(/^HTTP\/1\.1 200 /);
    assert.deepEqual(sent, ['a', 'b']);
    assert.deepEqual(
      rig.group.members.map(({ obstacle }) => obstacle),
      ['cooling', null],
    );
  });

  test('for a WebSocket does so too', async (t) => {
    const { play, rig, sent } = stage(t, 'ab');
    const upgrade = ['Connection: upgrade', 'Upgrade: websocket'];
    play
      .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...upgrade))
      .expectDial()
      .takeUpstream();
    play.upstreamSends(LIMITED);
    await play.promises();
    play.expectDial().expectUpstream(/Upgrade: websocket/);
    play.upstreamSends(head('HTTP/1.1 101 Switching Protocols', ...upgrade)).expectDownstream(/^HTTP\/1\.1 101 /);
    play.downstreamSends('frames').expectUpstream('frames').clientCloses();
    assert.deepEqual(sent, ['a', 'b']);
    assert.equal(rig.member('b').state().successes, 1);
  });

  test('waits for a login', async (t) => {
    const login = new SlowLogin();
    const { play, sent } = stage(t, 'a', { a: login });
    play.downstreamSends(POST).expectNoDial();
    login.comes();
    await play.promises();
    play
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 /);
    assert.deepEqual(sent, ['a']);
  });

  test('goes with another account when there is no login', async (t) => {
    const login = new SlowLogin();
    const { play, sent } = stage(t, 'ab', { a: login });
    play.downstreamSends(POST).expectNoDial();
    login.fails();
    await play.promises();
    play
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 /);
    assert.deepEqual(sent, ['b']);
  });

  test('is refused when there is no other', async (t) => {
    const login = new SlowLogin();
    const { play } = stage(t, 'a', { a: login });
    play.downstreamSends(POST);
    login.fails();
    await play.promises();
    play.expectNoDial().expectError(503, 'credential_unavailable');
  });

  test('that has left while it waited takes nothing', async (t) => {
    const login = new SlowLogin();
    const { play, sent } = stage(t, 'a', { a: login });
    play.downstreamSends(POST).clientCloses();
    login.comes();
    await play.promises();
    play.expectNoDial();
    assert.deepEqual(sent, []);
  });
});

describe('a login that is refused', () => {
  const REFUSED = head('HTTP/1.1 401 Unauthorized', 'Content-Length: 0');

  async function refused(t: TestContext, ids: string, isBetter: boolean): Promise<Stage> {
    const login = new SlowLogin();
    login.comes();
    const made = stage(t, ids, { a: login });
    const { play } = made;
    play.downstreamSends(POST).expectDial().takeUpstream();
    play.upstreamSends(REFUSED).expectNothingDownstream();
    login.renewed.resolve(isBetter);
    await play.promises();
    return made;
  }

  test('is sent again when it is a better one by then, once', async (t) => {
    const { play, sent } = await refused(t, 'a', true);
    play
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(REFUSED);
    await play.promises();
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 401 /);
    assert.deepEqual(sent, ['a', 'a']);
  });

  test('gives way to another account otherwise', async (t) => {
    const { play, rig, sent } = await refused(t, 'ab', false);
    play.expectDial().takeUpstream();
    play.upstreamSends(OK).expectDownstream(/^HTTP\/1\.1 200 /);
    assert.deepEqual(sent, ['a', 'b']);
    assert.equal(rig.member('a').obstacle, 'cooling');
  });

  test('is the answer where there is no other', async (t) => {
    const { play, rig } = await refused(t, 'a', false);
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 401 /);
    assert.equal(rig.member('a').obstacle, null);
  });
});

test('a provider that cannot be reached is no account’s fault, and is tried once', (t) => {
  const { play, rig, sent } = stage(t, 'ab');
  play.downstreamSends(POST).expectDialBegins().upstreamRefuses();
  play.expectNoDial().expectError(502, 'upstream_unreachable');
  assert.deepEqual(sent, ['a']);
  assert.deepEqual(
    rig.group.members.map(({ obstacle }) => obstacle),
    [null, null],
  );
});
