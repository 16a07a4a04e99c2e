import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { once } from 'node:events';
import net from 'node:net';
import { rawOrigin } from '../../../test/support/origins.ts';
import type { SluiceError } from '../../core/errors.ts';
import { DestinationRules, type DestinationRulesOptions, type Way } from '../../services/rules/destination-rules.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import type { Connection } from '../../transport/connection.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { wheel } from '../../transport/timers.ts';
import { Direct } from './direct.ts';

const CLOSED: Partial<DestinationRulesOptions> = { allowPrivate: false };

/** Knows every name, and all of them are here. */
const dns = new DnsCache({ resolve: (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) });

interface Result {
  readonly connection?: Connection;
  readonly error?: SluiceError;
}

function rulesOf(more: Partial<DestinationRulesOptions>): DestinationRules {
  const doors = new OwnDoors([]);
  return new DestinationRules({
    rules: [],
    chain: [],
    noProxy: [],
    allowPrivate: true,
    connectPorts: [],
    doors,
    ...more,
  });
}

/** Nothing is left of it when the test ends. */
async function dial(
  t: TestContext,
  { host, port }: { host: string; port: number },
  more: Partial<DestinationRulesOptions> = {},
): Promise<Result> {
  const rules = rulesOf(more);
  const way = rules.decide({ host, port, user: null, isTunnel: true });
  assert.equal(way.kind, 'way');
  const direct = new Direct({ dns, connectTimeoutMs: 20_000, rules });
  return new Promise((resolve) => {
    direct.dial(
      { host, port, way },
      {
        connected: (connection) => {
          t.after(() => connection.destroy('done'));
          resolve({ connection });
        },
        failed: (error) => resolve({ error }),
      },
    );
  });
}

async function portOf(url: Promise<string>): Promise<number> {
  return Number(new URL(await url).port);
}

describe('a direct connection', () => {
  test('is made to the address or the name, and is nobody’s yet', async (t) => {
    const port = await portOf(rawOrigin(t, (socket) => socket.write('220 ready')));
    for (const host of ['127.0.0.1', 'a.test']) {
      const { connection } = await dial(t, { host, port });
      assert.ok(connection);
      assert.deepEqual([connection.isPaused, connection.remotePort, connection.bytesRead], [true, port, 0]);
    }
  });

  test('that cannot be made says so', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    await once(server.close(), 'close');
    const { error } = await dial(t, { host: 'a.test', port });
    assert.equal(error?.code, 'upstream_unreachable');
  });

  test('is not made to a private address that a harmless name leads to', async (t) => {
    let connections = 0;
    const port = await portOf(rawOrigin(t, () => connections++));
    const { error } = await dial(t, { host: 'a.test', port }, CLOSED);
    assert.deepEqual(
      [error?.code, error?.message],
      ['destination_denied', 'a.test is a private address, and these may not be reached'],
    );
    assert.equal(connections, 0);
  });

  test('is not made to a door of ours that a name leads to, whatever the rules allow', async (t) => {
    const port = await portOf(rawOrigin(t, () => assert.fail('it was reached')));
    const { error } = await dial(t, { host: 'a.test', port }, { doors: new OwnDoors([{ host: '', port }]) });
    assert.deepEqual([error?.code, error?.message], ['destination_denied', 'a.test is this proxy itself']);
  });

  test('that nobody waits for any more is not made', async (t) => {
    const port = await portOf(rawOrigin(t, () => assert.fail('it was made')));
    const rules = rulesOf({});
    const way = rules.decide({ host: 'a.test', port, user: null, isTunnel: true }) as Way;
    const direct = new Direct({ dns, connectTimeoutMs: 20_000, rules });
    const nobody = { connected: () => assert.fail(), failed: () => assert.fail() };
    direct.dial({ host: 'a.test', port, way }, nobody).cancel();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(wheel.held, 0);
  });
});
