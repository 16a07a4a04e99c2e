// Groups of real proxies that are killed, frozen, or asked for what does not exist, while others are served.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import type { Chain } from '../../src/services/chain/chain.ts';
import { endpointOfUrl } from '../../src/services/chain/endpoint-of-url.ts';
import type { HopAuthScheme, ProxyEndpoint } from '../../src/services/chain/proxy-endpoint.ts';
import { proveRawIo } from '../../src/transport/raw-io.ts';
import { assertIdle, breakersOf, chain, dial, type Exits, exitOf, failuresOf, groupOf } from '../support/chain-rig.ts';
import { type RunningProxy, startSquid, startTinyproxy } from '../support/proxies.ts';

before(() => proveRawIo());

const LOGIN = { username: 'user', password: 'pass' };

async function target(t: TestContext): Promise<{ host: string; port: number }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

function endpointOf(proxy: RunningProxy, auth: HopAuthScheme | null = null): ProxyEndpoint {
  return endpointOfUrl(proxy.url, { hop: proxy.name, id: proxy.name, auth });
}

async function threeSquids(t: TestContext): Promise<RunningProxy[] | undefined> {
  const squids = [await startSquid(t), await startSquid(t), await startSquid(t)];
  return squids.every((squid) => squid !== undefined) ? squids : undefined;
}

function exitsOf(proxies: readonly RunningProxy[]): Exits {
  return groupOf(
    'exits',
    proxies.map((proxy) => endpointOf(proxy)),
  );
}

/** So many requests, a few at a time; `midway` comes in the middle. Returns what failed, and who served. */
async function load(through: Chain, to: { host: string; port: number }, count: number, midway = (): void => {}) {
  const failed: string[] = [];
  const served = new Map<string, number>();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      if (begun === count / 2) midway();
      const { link, failure } = await dial(through, {}, to);
      if (failure !== null) failed.push(failure.error.message);
      else served.set(exitOf(link), (served.get(exitOf(link)) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  return { failed, served };
}

describe('a group of real exits', () => {
  for (const [what, signal, handshakeTimeoutMs] of [
    ['killed', 'SIGKILL', 20_000],
    ['frozen', 'SIGSTOP', 1000],
  ] as const) {
    test(`loses no request when one is ${what} under load, and takes that one out`, async (t) => {
      const squids = await threeSquids(t);
      if (squids === undefined) return;
      const exits = exitsOf(squids);
      const through = chain([exits], { handshakeTimeoutMs });
      const { failed, served } = await load(through, await target(t), 300, () => squids[1]!.signal(signal));
      assert.deepEqual(failed, []);
      assert.deepEqual([...served.keys()].toSorted(), ['exits-0', 'exits-1', 'exits-2']);
      assert.deepEqual(breakersOf(exits), ['closed', 'open', 'closed']);
      assertIdle(exits);
    });
  }

  test('is not blamed for destinations that do not exist, and goes on serving those that do', async (t) => {
    const squids = await threeSquids(t);
    if (squids === undefined) return;
    const exits = exitsOf(squids);
    const through = chain([exits]);
    const good = await target(t);
    for (let turn = 1; turn <= 50; turn += 1) {
      const { failure } = await dial(through, {}, { host: `127.0.0.${turn}`, port: 1 });
      assert.equal(failure?.error.code, 'upstream_unreachable');
      if (turn % 10 === 0) assert.deepEqual((await load(through, good, 10)).failed, []);
    }
    assert.deepEqual(breakersOf(exits), ['closed', 'closed', 'closed']);
    assert.deepEqual(failuresOf(exits), [0, 0, 0]);
    assertIdle(exits);
  });
});

describe('a corporate proxy before a group', () => {
  test('passes NTLM on to nobody, while the exits want Basic', async (t) => {
    const corporate = await startSquid(t, { auth: { ...LOGIN, username: 'corp', scheme: 'ntlm' } });
    const exit = await startSquid(t, { auth: { ...LOGIN, username: 'exit', scheme: 'basic' } });
    if (!corporate || !exit) return;
    const groups = [groupOf('corporate', [endpointOf(corporate, 'ntlm')]), groupOf('exits', [endpointOf(exit)])];
    const { failed } = await load(chain(groups), await target(t), 20);
    assert.deepEqual(failed, []);
    await corporate.logs(/CONNECT 127\.0\.0\.1:\d+ corp /);
    await exit.logs(/CONNECT 127\.0\.0\.1:\d+ exit /);
    assert.doesNotMatch(exit.log, /corp/);
    assertIdle(...groups);
  });

  test('that is down, or forbids the port, fails at once and harms no exit', async (t) => {
    const strict = await startSquid(t, { sslPortsOnly: true });
    const exit = await startTinyproxy(t);
    if (!strict || !exit) return;
    const groups = [groupOf('corporate', [endpointOf(strict)]), groupOf('exits', [endpointOf(exit)])];
    const through = chain(groups);
    const to = await target(t);
    for (const code of ['hop_denied', 'hop_unreachable']) {
      const { failure } = await dial(through, {}, to);
      assert.equal(failure?.error.code, code);
      assert.deepEqual(
        failure.attempts.map(({ hop }) => hop),
        ['corporate'],
      );
      await strict.stop();
    }
    assert.deepEqual(failuresOf(groups[1]!), [0]);
    assert.doesNotMatch(exit.log, /Request \(file descriptor/);
    assertIdle(...groups);
  });

  test('that lost its own way out does not cost the exits their good name', async (t) => {
    const corporate = await startTinyproxy(t);
    const squids = await threeSquids(t);
    if (!corporate || squids === undefined) return;
    const [first, exits] = [groupOf('corporate', [endpointOf(corporate)]), exitsOf(squids)];
    const through = chain([first, exits]);
    await squids[0]!.stop();
    // One that really is dead is found out all the same: the others are reached by the same way.
    assert.deepEqual((await load(through, await target(t), 30)).failed, []);
    assert.deepEqual(breakersOf(exits), ['open', 'closed', 'closed']);
    await squids[1]!.stop();
    await squids[2]!.stop();
    for (let turn = 0; turn < 10; turn += 1) assert.notEqual((await dial(through)).failure, null);
    assert.deepEqual(breakersOf(exits), ['open', 'closed', 'closed']);
    assertIdle(first, exits);
  });
});
