import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { OK, until } from '../../../test/support/chain-rig.ts';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import { configOf } from '../../../test/support/gateway.ts';
import type { Config } from '../../config/config.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { HopDesk } from './hop-desk.ts';

const WELL = 'HTTP/1.1 204 No Content\r\n\r\n';
const NOBODY: ReadonlySet<string> = new Set();
const health = { url: 'http://health.test/', interval: '100ms', timeout: '5s', unhealthy_after: 1, healthy_after: 1 };

interface Desk {
  readonly desk: HopDesk;
  readonly table: MemberTable;
  readonly logged: string[];
}

function open(t: TestContext): Desk {
  const table = new MemberTable({ capacity: 64 });
  const logged: string[] = [];
  const log = (fields: unknown, message?: string): void => void logged.push(`${JSON.stringify(fields)} ${message}`);
  const desk = new HopDesk({ table, recorder: new MetricsRecorder(), logger: { info: log, warn: log } });
  t.after(() => desk.stop());
  return { desk, table, logged };
}

const exits = (...ports: readonly number[]): Config =>
  configOf({ hops: { exits: { health, proxies: ports.map((port) => ({ url: `http://127.0.0.1:${port}` })) } } });

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the hops on the main thread', () => {
  test('are checked, and every thread knows what was found', async (t) => {
    const { desk, table, logged } = open(t);
    let isWell = true;
    const { port } = await fakeProxy(t, (heard) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      return { say: isWell ? WELL : 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', next: 'end' };
    });
    const config = exits(port);
    const elsewhere = hopGroups(config, table).get('exits')?.members[0] ?? assert.fail();
    desk.follow(config, NOBODY);
    await until(() => elsewhere.state().health === 'healthy');
    isWell = false;
    await until(() => elsewhere.obstacle === 'unhealthy');
    assert.equal(desk.proxies()[0]?.isHealthy, false);
    isWell = true;
    await until(() => elsewhere.obstacle === null);
    assert.deepEqual(
      logged.map((line) => line.replace(String(port), 'PORT')),
      [
        '{"event":"health","proxy":"exits/127.0.0.1:PORT"} the checks of a proxy fail, it is left alone',
        '{"event":"health","proxy":"exits/127.0.0.1:PORT"} the checks of a proxy pass again',
      ],
    );
  });

  test('keep what is known of a proxy, and its checks, when others come and go', async (t) => {
    const { desk } = open(t);
    const { port } = await fakeProxy(t, httpAnswers(WELL));
    desk.follow(exits(port), NOBODY);
    await until(() => desk.proxies()[0]?.state.health === 'healthy');
    const checkedAt = desk.proxies()[0]?.state.lastCheckAgoMs;
    const dead = await closedPort();
    desk.follow(exits(port, dead), NOBODY);
    assert.equal(desk.proxies()[0]?.state.health, 'healthy');
    assert.ok((desk.proxies()[0]?.state.lastCheckAgoMs ?? -1) >= (checkedAt ?? 0));
    await until(() => desk.proxies()[1]?.state.health === 'unhealthy');
    desk.follow(exits(dead), NOBODY);
    assert.deepEqual(
      desk.proxies().map(({ state }) => state.health),
      ['unhealthy'],
    );
  });

  test('are reached through the hops before them, and left as they are while these are down', async (t) => {
    const { desk } = open(t);
    let isDown = false;
    const corporate = await fakeProxy(t, (heard) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (heard.startsWith('GET')) return { say: WELL, next: 'end' };
      return isDown ? { say: '', next: 'reset' } : { say: OK };
    });
    const config = configOf({
      egress: { chain: ['corporate', 'exits'] },
      hops: {
        corporate: { proxy: `http://127.0.0.1:${corporate.port}` },
        exits: { health, proxies: [{ id: 'a', url: 'http://exit.example:7777' }] },
      },
    });
    desk.follow(config, NOBODY);
    const exit = () => desk.find('exits/a')?.state;
    await until(() => exit()?.health === 'healthy');
    assert.match(corporate.heard[0] ?? '', /^CONNECT exit\.example:7777 [^]*\r\n\r\nGET http:\/\/health\.test\/ /);
    isDown = true;
    const attempts = corporate.heard.length;
    await until(() => corporate.heard.length > attempts + 2);
    assert.equal(exit()?.health, 'healthy');
  });

  test('take what people decide about proxies', (t) => {
    const { desk } = open(t);
    const proxies = [{ url: 'http://a' }, { url: 'http://b', enabled: false }, { url: 'http://c' }];
    const config = configOf({ hops: { exits: { proxies } } });
    desk.follow(config, new Set(['exits/c']));
    assert.deepEqual(
      desk.proxies().map(({ name, state }) => [name, state.admin]),
      [
        ['exits/a', 'enabled'],
        ['exits/b', 'disabled'],
        ['exits/c', 'draining'],
      ],
    );
    desk.follow(configOf({ hops: { exits: { proxies: proxies.slice(1) } } }), NOBODY);
    assert.equal(desk.find('exits/c')?.state.admin, 'enabled');
    assert.equal(desk.find('exits/a'), undefined);
  });
});
