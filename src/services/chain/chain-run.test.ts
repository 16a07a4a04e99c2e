import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  assertIdle,
  breakersOf,
  chain,
  chainFailure,
  DESTINATION,
  dial,
  exitOf,
  failuresOf,
  group,
  IN_ORDER,
  link,
  OK,
} from '../../../test/support/chain-rig.ts';
import { type FakeProxy, fakeProxy, httpAnswers, type Script } from '../../../test/support/fake-proxy.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { wheel } from '../../transport/timers.ts';

before(() => proveRawIo());

const GOOD = httpAnswers(OK);
const answer = (status: number, more = ''): Script => httpAnswers(`HTTP/1.1 ${status} No\r\n${more}\r\n`);
const SILENT: Script = () => null;
const CLOSING: Script = () => ({ say: '', next: 'end' });

function ports(proxies: readonly FakeProxy[]): number[] {
  return proxies.map(({ port }) => port);
}

/** A hop that leads to the proxies it is asked for. */
function corporate(through: ReadonlySet<number> | null = null): Script {
  return (heard, socket) => {
    const port = Number(/^CONNECT \S+:(\d+) /.exec(heard)?.[1]);
    if (!heard.endsWith('\r\n\r\n')) return null;
    if (through !== null && !through.has(port)) return { say: 'HTTP/1.1 503 No\r\n\r\n' };
    // The next hop's own answer is good enough as it is.
    socket.removeAllListeners('data');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    return { say: '' };
  };
}

describe('failover', () => {
  for (const [what, script] of [
    ['closes', CLOSING],
    ['speaks something else', (() => ({ say: 'SSH-2.0\r\n' })) as Script],
    ['refuses our credentials', answer(407)],
    ['is busy', answer(429, 'Retry-After: 60\r\n')],
    ['answers 502', answer(502)],
    ['answers 504', answer(504)],
  ] as const) {
    test(`goes on to another member when one ${what}`, async (t) => {
      const [bad, good] = [await fakeProxy(t, script), await fakeProxy(t, GOOD)];
      const exits = group('exits', [bad.port, good.port]);
      const through = chain([exits]);
      const first = await link(through, IN_ORDER);
      assert.equal(exitOf(first), 'exits-1');
      assert.equal(first.attempts.length, 1);
      assert.equal(first.attempts[0]!.member, 'exits-0');
      assertIdle(exits);
    });
  }

  test('goes on when nobody listens, and when nobody answers', async (t) => {
    const [silent, good] = [await fakeProxy(t, SILENT), await fakeProxy(t, GOOD)];
    const exits = group('exits', [1, silent.port, good.port]);
    const through = chain([exits], { handshakeTimeoutMs: 50 });
    const served = await link(through, IN_ORDER);
    assert.deepEqual(
      served.attempts.map(({ code, blame }) => [code, blame]),
      [
        ['hop_unreachable', 'member'],
        ['hop_timeout', 'ambiguous'],
      ],
    );
    // The last one reached the destination, so the silent one had no excuse.
    assert.deepEqual(failuresOf(exits), [1, 1, 0]);
    assertIdle(exits);
  });

  for (const status of [400, 403, 405, 500]) {
    test(`does not try another after ${status}`, async (t) => {
      const [bad, good] = [await fakeProxy(t, answer(status)), await fakeProxy(t, GOOD)];
      const exits = group('exits', [bad.port, good.port]);
      const failed = await chainFailure(chain([exits]), IN_ORDER);
      assert.equal(failed.attempts.length, 1);
      assert.deepEqual(failuresOf(exits), [0, 0]);
      assertIdle(exits);
    });
  }

  test('ends with the number of attempts, and says what came of each', async () => {
    const exits = group('exits', [1, 1, 1, 1, 1]);
    const failed = await chainFailure(chain([exits], { attempts: 3 }));
    assert.equal(failed.error.code, 'hop_unreachable');
    assert.equal(failed.attempts.length, 3);
    assert.equal(new Set(failed.attempts.map(({ member }) => member)).size, 3);
  });

  test('ends with the budget', async (t) => {
    const silent = [await fakeProxy(t, SILENT), await fakeProxy(t, SILENT)];
    const failed = await chainFailure(chain([group('exits', ports(silent))], { budgetMs: 80 }));
    assert.equal(failed.error.code, 'hop_timeout');
    assert.equal(failed.attempts.length, 1);
  });

  test('never comes back to a member that it has tried', async (t) => {
    const proxy = await fakeProxy(t, CLOSING);
    const failed = await chainFailure(chain([group('exits', [proxy.port])]));
    assert.equal(failed.attempts.length, 1);
    assert.equal(proxy.heard.length, 1);
  });
});

describe('blame', () => {
  test('for failures of its own opens the breaker of a member, and the answer then says when to come back', async (t) => {
    const proxy = await fakeProxy(t, CLOSING);
    const exits = group('exits', [proxy.port]);
    const through = chain([exits]);
    await chainFailure(through);
    await chainFailure(through);
    assert.deepEqual(breakersOf(exits), ['open']);
    const failed = await chainFailure(through);
    assert.equal(failed.error.code, 'hops_exhausted');
    assert.ok(failed.retryAfterMs !== null && failed.retryAfterMs > 0);
    assert.equal(proxy.heard.length, 2);
  });

  test('does not fall on anybody for a destination that does not exist', async (t) => {
    const proxies = [await fakeProxy(t, answer(503)), await fakeProxy(t, answer(503))];
    const exits = group('exits', ports(proxies));
    const through = chain([exits]);
    for (let turn = 0; turn < 50; turn += 1) {
      const failed = await chainFailure(through);
      assert.equal(failed.error.code, 'upstream_unreachable');
      assert.equal(failed.attempts.length, 2);
    }
    assert.deepEqual(breakersOf(exits), ['closed', 'closed']);
    assertIdle(exits);
  });

  test('does not fall on anybody for a destination that nobody hears from', async (t) => {
    const proxies = [await fakeProxy(t, SILENT), await fakeProxy(t, SILENT)];
    const exits = group('exits', ports(proxies));
    const failed = await chainFailure(chain([exits], { handshakeTimeoutMs: 50 }));
    assert.equal(failed.error.code, 'hop_timeout');
    assert.deepEqual(failuresOf(exits), [0, 0]);
    assertIdle(exits);
  });

  test('takes a member out at once when it refuses our credentials', async (t) => {
    const proxy = await fakeProxy(t, answer(407));
    const exits = group('exits', [proxy.port]);
    assert.equal((await chainFailure(chain([exits]))).error.code, 'hop_auth_failed');
    assert.equal(exits.members[0]!.state().authFailed, true);
  });

  test('lets a busy member alone for as long as it asks, without a failure', async (t) => {
    const proxy = await fakeProxy(t, answer(429, 'Retry-After: 60\r\n'));
    const exits = group('exits', [proxy.port]);
    const failed = await chainFailure(chain([exits]));
    assert.deepEqual([failed.error.code, failed.retryAfterMs], ['hop_busy', 60_000]);
    const { obstacle, failures: count } = exits.members[0]!.state();
    assert.deepEqual([obstacle, count], ['cooling', 0]);
  });
});

describe('a chain of a single hop and a group', () => {
  test('fails fast with the single hop, and leaves the group alone', async (t) => {
    for (const [script, code] of [
      [CLOSING, 'hop_invalid'],
      [answer(403), 'hop_denied'],
      [answer(407), 'hop_auth_failed'],
    ] as const) {
      const first = await fakeProxy(t, script);
      const proxies = [await fakeProxy(t, GOOD), await fakeProxy(t, GOOD)];
      const [one, exits] = [group('corporate', [first.port]), group('exits', ports(proxies))];
      const failed = await chainFailure(chain([one, exits]));
      assert.equal(failed.error.code, code);
      assert.match(failed.error.message, /^the proxy corporate\/corporate-0 /);
      assert.deepEqual(
        failed.attempts.map(({ hop }) => hop),
        ['corporate'],
      );
      assert.equal(first.heard.length, 1);
      assert.deepEqual(failuresOf(exits), [0, 0]);
      assertIdle(one, exits);
    }
  });

  test('tries another member when the single hop cannot reach one, and believes it when it reaches another', async (t) => {
    const dead = 7777;
    const first = await fakeProxy(t, corporate(new Set([8888])));
    const [one, exits] = [group('corporate', [first.port]), group('exits', [dead, 8888])];
    const served = await link(chain([one, exits]), IN_ORDER);
    assert.equal(exitOf(served), 'exits-1');
    assert.deepEqual(
      served.attempts.map(({ hop, member, code }) => [hop, member, code]),
      [['exits', 'exits-0', 'hop_unreachable']],
    );
    assert.deepEqual([failuresOf(one), failuresOf(exits)], [[0], [1, 0]]);
    assertIdle(one, exits);
  });

  test('does not believe a single hop that reaches nobody', async (t) => {
    const first = await fakeProxy(t, corporate(new Set()));
    const [one, exits] = [group('corporate', [first.port]), group('exits', [7777, 7778, 7779])];
    const through = chain([one, exits]);
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await chainFailure(through)).error.code, 'hop_unreachable');
    assert.deepEqual(breakersOf(exits), ['closed', 'closed', 'closed']);
    assertIdle(one, exits);
  });

  test('takes another member of the first group where the second has only one', async (t) => {
    const [blind, seeing] = [await fakeProxy(t, corporate(new Set())), await fakeProxy(t, corporate())];
    const [firsts, last] = [group('firsts', [blind.port, seeing.port]), group('last', [8888])];
    const served = await link(chain([firsts, last]), IN_ORDER);
    assert.deepEqual(
      served.hops.map(({ member }) => member.id),
      ['firsts-1', 'last-0'],
    );
    assert.deepEqual([failuresOf(firsts), failuresOf(last)], [[0, 0], [0]]);
    assertIdle(firsts, last);
  });
});

describe('giving up', () => {
  test('says nothing more, and leaves nothing open', async (t) => {
    const silent = await fakeProxy(t, SILENT);
    const exits = group('exits', [silent.port]);
    const held = wheel.held;
    const handler = { onConnected: () => assert.fail(), onFailed: () => assert.fail() };
    const running = chain([exits]).dial(DESTINATION, null, handler);
    assert.equal(exits.members[0]!.active, 1);
    while (!silent.heard.some((heard) => heard.endsWith('\r\n\r\n'))) await new Promise((next) => setImmediate(next));
    running.cancel();
    running.cancel();
    assertIdle(exits);
    const nobody = chain([exits]).dial(DESTINATION, { key: null, tags: { country: 'xx' } }, handler);
    nobody.cancel();
    while (!silent.sockets[0]!.destroyed) await new Promise((next) => setImmediate(next));
    assert.equal(wheel.held, held);
    assert.deepEqual(failuresOf(exits), [0]);
  });
});

test('a hop that was only connected to has proved nothing, and the ones before it have', async (t) => {
  const exit = await fakeProxy(t, SILENT);
  const first = await fakeProxy(t, corporate());
  const [corporates, exits] = [group('corporate', [first.port]), group('exits', [exit.port])];
  const { link: made } = await dial(chain([corporates, exits]), {}, null);
  assert.ok(made !== null);
  const known = [corporates, exits].map(({ members }) => members[0]!.state());
  assert.deepEqual(
    known.map(({ uses, successes, failures, latencyMs }) => [uses, successes, failures, latencyMs !== null]),
    [
      [1, 1, 0, true],
      [1, 0, 0, false],
    ],
  );
  assertIdle(corporates, exits);
});
