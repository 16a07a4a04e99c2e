import assert from 'node:assert/strict';
import { before, describe, test, type TestContext } from 'node:test';
import { connect, endpointAt, exchange, OK, proxyTls, until } from '../../../test/support/chain-rig.ts';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { wheel } from '../../transport/timers.ts';
import { WarmConnections, type WarmOptions } from './warm-connections.ts';

before(() => proveRawIo());

const ANSWER = httpAnswers(OK);

function warmth(t: TestContext, more: Partial<WarmOptions> = {}): WarmConnections {
  const warm = new WarmConnections({
    dns: new DnsCache(),
    connectTimeoutMs: 20_000,
    perEndpoint: 1,
    maxIdleMs: 60_000,
    ...more,
  });
  t.after(() => warm.dispose());
  return warm;
}

describe('warm connections', () => {
  test('are opened once a proxy is in use, taken one by one, and replaced', async (t) => {
    const proxy = await fakeProxy(t, ANSWER);
    const warm = warmth(t);
    const hop = endpointAt(proxy.port);
    (await connect([hop], undefined, { warm })).connection.destroy('done');
    await until(() => warm.size === 1);
    const dialled = await connect([hop], undefined, { warm });
    assert.deepEqual([dialled.timings.connectMs, dialled.timings.dnsMs], [0, 0]);
    assert.equal(await exchange(dialled, 'hello', 5), 'hello');
    await until(() => warm.size === 1);
    // The first, the one that waited, and the one that waits now: nothing was said on it.
    assert.deepEqual(
      proxy.heard.map((heard) => heard.length > 0),
      [true, true, false],
    );
  });

  test('are secure for a proxy that speaks TLS, and belong to that way of speaking it', async (t) => {
    const { certificate, client } = proxyTls(t);
    const proxy = await fakeProxy(t, ANSWER, certificate);
    const hop = endpointAt(proxy.port, { protocol: 'https', tls: client() });
    const warm = warmth(t);
    warm.refill(hop);
    await until(() => warm.size === 1);
    assert.equal(warm.take({ ...hop, tls: client() }), null);
    const connection = warm.take(hop);
    assert.equal(connection?.secure, true);
    connection.destroy('done');
    warm.refill(hop);
    await until(() => warm.size === 1);
    warm.refill({ ...hop, tls: client() });
    assert.equal(warm.size, 0);
  });

  test('are gone when the proxy closes them, or says something on them', async (t) => {
    for (const next of [{ say: '', next: 'end' }, { say: '', next: 'reset' }, { say: 'timeout' }] as const) {
      const proxy = await fakeProxy(t, () => null);
      const warm = warmth(t);
      warm.refill(endpointAt(proxy.port));
      await until(() => warm.size === 1 && proxy.sockets.length === 1);
      const [socket] = proxy.sockets;
      if (next.say !== '') socket!.write(next.say);
      else if (next.next === 'end') socket!.end();
      else socket!.resetAndDestroy();
      await until(() => warm.size === 0);
      assert.equal(warm.take(endpointAt(proxy.port)), null);
    }
  });

  test('are closed when they are too old', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const warm = warmth(t, { maxIdleMs: 50 });
    warm.refill(endpointAt(proxy.port));
    await until(() => warm.size === 1);
    await until(() => warm.size === 0);
    await until(() => proxy.sockets[0]?.destroyed === true);
  });

  test('that were closed at the moment of their use are replaced by a new one, without blame', async (t) => {
    const proxy = await fakeProxy(t, (heard, _socket, connection) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      return connection === 0 ? { say: '', next: 'end' } : { say: OK, next: 'echo' };
    });
    const warm = warmth(t);
    warm.refill(endpointAt(proxy.port));
    await until(() => warm.size === 1);
    assert.equal(await exchange(await connect([endpointAt(proxy.port)], undefined, { warm }), 'hello', 5), 'hello');
  });

  test("that cannot be opened are nobody's concern", async (t) => {
    const warm = warmth(t, { perEndpoint: 2 });
    const held = wheel.held;
    warm.refill(endpointAt(1));
    // Dialling has begun by the next turn, and may have failed by then.
    await new Promise(setImmediate);
    await until(() => wheel.held === held);
    assert.equal(warm.size, 0);
    warm.refill(endpointAt(1));
    warm.dispose();
    assert.equal(wheel.held, held);
  });
});
