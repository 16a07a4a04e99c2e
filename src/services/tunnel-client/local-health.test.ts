import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { localServer } from '../../../test/support/exposed.ts';
import { exposedTunnel } from '../../../test/support/local-end.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import type { ExposedTunnel, LocalCheck } from './exposed-tunnel.ts';
import { LocalHealth } from './local-health.ts';

const CHECK: LocalCheck = { path: '/healthz', intervalMs: 1, timeoutMs: 5000, unhealthyAfter: 2, healthyAfter: 1 };

class Stage extends EventEmitter {
  readonly told: string[] = [];
  readonly health: LocalHealth;

  constructor(t: TestContext, tunnel: ExposedTunnel, check: Partial<LocalCheck> = {}) {
    super();
    this.health = new LocalHealth({
      tunnel,
      check: { ...CHECK, ...check },
      dns: new DnsCache(),
      onChange: ({ state, why }) => {
        this.told.push(why === null ? state : `${state}: ${why}`);
        this.emit('told');
      },
    });
    t.after(() => this.health.stop());
    this.health.start();
  }

  async tells(count: number): Promise<readonly string[]> {
    while (this.told.length < count) await once(this, 'told');
    return this.told;
  }
}

/** A server that counts what it was asked. */
async function server(t: TestContext, answer: RequestListener): Promise<{ port: number; asked: EventEmitter }> {
  const asked = new EventEmitter();
  const { port } = await localServer(t, (request, response) => {
    answer(request, response);
    asked.emit('asked', request.url, request.headers);
  });
  return { port, asked };
}

describe('the checks of a local server', () => {
  test('change their verdict after so many in a row, and tell each change once', async (t) => {
    const statuses = [200, 500, 302, 404, 500, 503, 200];
    const { port, asked } = await server(t, (_request, response) => {
      response.writeHead(statuses.shift() ?? 200).end('body');
    });
    const stage = new Stage(t, exposedTunnel(port));
    assert.deepEqual(await stage.tells(2), ['unhealthy: /healthz is answered with 500', 'healthy']);
    // As well as before, and nothing is told of it.
    await once(asked, 'asked');
    await once(asked, 'asked');
    assert.deepEqual([stage.told.length, stage.health.verdict], [2, { state: 'healthy', why: null }]);
  });

  test('ask by the name that visitors ask by, with the fields that they have', async (t) => {
    const { port, asked } = await server(t, (_request, response) => response.end());
    const given = { hostHeader: 'app.internal', requestFields: [['X-Key', '1']] as const };
    assert.equal(new Stage(t, exposedTunnel(port, given)).told.length, 0);
    const [path, headers] = (await once(asked, 'asked')) as [string, IncomingHttpHeaders];
    assert.deepEqual([path, headers.host, headers['x-key']], ['/healthz', 'app.internal', '1']);
  });

  test('fail where nobody listens, nothing comes in time, or what comes is no HTTP', async (t) => {
    const { port } = await server(t, () => {});
    const nonsense = net.createServer((socket) => socket.on('error', () => {}).end('nonsense\r\n\r\n'));
    t.after(() => nonsense.close());
    await once(nonsense.listen(0, '127.0.0.1'), 'listening');
    const [nobody, silent, wrong] = [
      new Stage(t, exposedTunnel(1)),
      new Stage(t, exposedTunnel(port), { timeoutMs: 1 }),
      new Stage(t, exposedTunnel((nonsense.address() as AddressInfo).port)),
    ];
    assert.deepEqual(await nobody.tells(1), ['unhealthy: no server answers on port 1']);
    assert.deepEqual(await silent.tells(1), ['unhealthy: it has not answered within 1 ms']);
    assert.match((await wrong.tells(1))[0] ?? '', /^unhealthy: what it answered is not valid HTTP/);
  });

  test('go by the status where the rest of an answer never comes', async (t) => {
    const { port } = await server(t, (_request, response) => response.writeHead(500).write('and then'));
    const stage = new Stage(t, exposedTunnel(port), { timeoutMs: 100, unhealthyAfter: 1 });
    assert.deepEqual(await stage.tells(1), ['unhealthy: /healthz is answered with 500']);
  });

  test('without a path want somebody who listens, whatever is spoken there', async (t) => {
    const silent = net.createServer((socket) => socket.on('error', () => {}).resume());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const stage = new Stage(t, exposedTunnel((silent.address() as AddressInfo).port, { protocol: 'tcp' }), {
      path: null,
    });
    await once(silent, 'connection');
    await once(silent, 'connection');
    assert.deepEqual([stage.told, stage.health.verdict.state], [[], 'healthy']);
    silent.close();
    assert.match((await stage.tells(1))[0] ?? '', /^unhealthy: no server answers/);
  });

  test('end with what is under way when they are stopped, and tell nothing more', async (t) => {
    const asked = Promise.withResolvers<net.Socket>();
    const { port } = await localServer(t, (request) => asked.resolve(request.socket));
    const stage = new Stage(t, exposedTunnel(port), { unhealthyAfter: 1 });
    const socket = await asked.promise;
    const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
    stage.health.stop();
    await closed;
    assert.deepEqual([stage.told, stage.health.verdict.state], [[], 'unknown']);
  });
});
