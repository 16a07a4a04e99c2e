import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { until } from '../../../test/support/chain-rig.ts';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import { HopWatch } from './hop-watch.ts';

function watch(t: TestContext, hop: object, before: readonly HopWatch[] = [], name = 'exits'): HopWatch {
  const config = configOf({ hops: { [name]: hop } });
  const made = new HopWatch(
    {
      name,
      config,
      before,
      table: new MemberTable({ capacity: 16 }),
      ears: {},
      dns: new DnsCache(),
      tls: new TlsClient(),
      credentialsFor: () => null,
    },
    config.hops[name] ?? assert.fail(),
  );
  t.after(() => made.stop());
  return made;
}

describe('a hop that is watched', () => {
  test('tries its URLs one after the other until one decides', async (t) => {
    const { port, heard } = await fakeProxy(
      t,
      httpAnswers((head) =>
        head.includes('one.test')
          ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'
          : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      ),
    );
    const url = ['http://one.test/', 'http://two.test/', 'http://three.test/'];
    const any = watch(t, { health: { url, need: 'any' }, proxy: `http://127.0.0.1:${port}` });
    const [member] = any.group.members;
    assert.equal((await any.check(member ?? assert.fail()))?.passed, true);
    assert.equal(heard.length, 2);
    const all = watch(t, { health: { url, need: 'all' }, proxy: `http://127.0.0.1:${port}` });
    assert.equal((await all.check(all.group.members[0] ?? assert.fail()))?.passed, false);
    assert.equal(heard.length, 3);
  });

  test('is frozen while nobody of a hop before it can be used', (t) => {
    const corporate = watch(t, { proxy: 'http://c.example', breaker: { failures: 1 } }, [], 'corporate');
    const exits = watch(t, { proxy: 'http://e.example' }, [corporate]);
    assert.equal(exits.isFrozen, false);
    const [member] = corporate.group.members;
    member?.end(member.begin(), { kind: 'failure', reason: 'hop_unreachable' });
    assert.equal(exits.isFrozen, true);
    assert.equal(corporate.isFrozen, false);
  });

  test('checks nobody by itself unless it is to', async (t) => {
    const { port, heard } = await fakeProxy(t, httpAnswers('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    const proxy = `http://127.0.0.1:${port}`;
    watch(t, { proxy }).start();
    const checked = watch(t, { proxy, health: { url: 'http://health.test', interval: '100ms' } });
    checked.start();
    await until(() => checked.group.members[0]?.state().health === 'healthy');
    assert.ok(heard.every((head) => head.startsWith('GET http://health.test/ ')));
  });
});
