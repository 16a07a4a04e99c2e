import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  assertIdle,
  chain,
  chainFailure,
  DESTINATION,
  dial,
  exitOf,
  group,
  link,
  OK,
} from '../../../test/support/chain-rig.ts';
import { type FakeProxy, fakeProxy, httpAnswers, type Script } from '../../../test/support/fake-proxy.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import type { ChainLink } from './chain-link.ts';

before(() => proveRawIo());

const GOOD = httpAnswers(OK);
const SILENT: Script = () => null;

function ports(proxies: readonly FakeProxy[]): number[] {
  return proxies.map(({ port }) => port);
}

describe('a chain', () => {
  test('goes through the members that the strategy picks, and says which', async (t) => {
    const proxies = [await fakeProxy(t, GOOD), await fakeProxy(t, GOOD)];
    const exits = group('exits', ports(proxies));
    const through = chain([exits]);
    const served = [await link(through), await link(through), await link(through)];
    assert.equal(new Set(served.map(exitOf)).size, 2);
    assert.deepEqual(
      served.map(({ attempts }) => attempts),
      [[], [], []],
    );
    assertIdle(exits);
    const { uses, successes, bytesSent, bytesReceived } = exits.members[0]!.state();
    assert.deepEqual([uses, successes, bytesReceived / bytesSent], [successes, uses, 2]);
  });

  test('keeps a use open until the connection is released, once', async (t) => {
    const proxy = await fakeProxy(t, GOOD);
    const exits = group('exits', [proxy.port]);
    const held = await new Promise<ChainLink>((resolve, reject) => {
      chain([exits]).dial(DESTINATION, null, { onConnected: resolve, onFailed: ({ error }) => reject(error) });
    });
    assert.equal(exits.members[0]!.active, 1);
    held.connection.destroy('done');
    held.release({ bytesSent: 0, bytesReceived: 0, wasReset: true });
    held.release({ bytesSent: 0, bytesReceived: 0, wasReset: true });
    assertIdle(exits);
  });

  test('takes a member with the tags that are asked for, or the one that is chosen, or nobody', async (t) => {
    const proxies = [await fakeProxy(t, GOOD), await fakeProxy(t, GOOD)];
    const exits = group('exits', ports(proxies));
    const through = chain([exits]);
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal(exitOf(await link(through, { tags: { country: 'fr' } })), 'exits-0');
      assert.equal(exitOf(await link(through, { choose: (of) => of.members[1] })), 'exits-1');
    }
    assert.equal((await chainFailure(through, { choose: () => null })).error.code, 'hops_exhausted');
    assert.equal((await chainFailure(through, { tags: { country: 'xx' } })).error.code, 'hops_exhausted');
  });

  test('is for a session who the session says', async (t) => {
    const proxy = await fakeProxy(t, GOOD);
    const through = chain([group('exits', [proxy.port])]);
    await link(through, { credentialsFor: () => ({ username: 'u-session-1', password: 'p' }) });
    assert.ok(proxy.heard[0]!.includes(`Basic ${btoa('u-session-1:p')}`));
    await link(through, { credentialsFor: () => null });
    const { hops } = await link(through, { credentialsFor: ({ username, password }) => ({ username, password }) });
    assert.doesNotMatch(proxy.heard.slice(1).join(''), /Basic/);
    assert.equal(hops[0]!.endpoint, hops[0]!.member.data);
  });

  test('without hops is a direct connection', async (t) => {
    const origin = await fakeProxy(t, SILENT);
    const outcome = await dial(chain([]), {}, { host: '127.0.0.1', port: origin.port });
    assert.deepEqual(outcome.link?.hops, []);
    const refused = await dial(chain([]), {}, { host: '127.0.0.1', port: 1 });
    assert.equal(refused.failure?.error.code, 'upstream_unreachable');
    assert.deepEqual(
      refused.failure.attempts.map(({ hop, code }) => [hop, code]),
      [['', 'upstream_unreachable']],
    );
  });
});
