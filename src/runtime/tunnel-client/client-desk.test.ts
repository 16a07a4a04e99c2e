import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import type { Config } from '../../config/config.ts';
import { ask } from '../../../test/support/ask.ts';
import { clientDesk } from '../../../test/support/client-desk.ts';
import { localServer, serveTunnels, TOKEN, tunnelDoor } from '../../../test/support/exposed.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { ClientDesk } from './client-desk.ts';
import { nameOfServer } from './expose-tunnels.ts';
import { saveTunnelToken } from './tunnel-tokens.ts';

class Stage extends EventEmitter {
  readonly said: string[] = [];
  readonly desk: ClientDesk;
  readonly dataDir: string;

  constructor(t: TestContext) {
    super();
    this.dataDir = temporaryFolder(t);
    const log = (_level: string, _fields: unknown, message: string): void => {
      this.said.push(message);
      this.emit('said');
    };
    this.desk = clientDesk({ dataDir: this.dataDir, log });
    t.after(() => this.desk.close());
  }

  async says(message: string): Promise<void> {
    while (!this.said.includes(message)) await once(this, 'said');
    this.said.length = 0;
  }

  get reports(): (string | null)[][] {
    return this.desk.reports().map(({ name, status, url, why }) => [name, status, url, why]);
  }
}

function configFor(server: string, more: object = {}, ...tunnels: readonly object[]): Config {
  return configOf({ tunnels: { client: { server, tunnels, ...more } } });
}

describe('tunnels of a running Sluice', () => {
  test('are open as long as the configuration has them', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, (_request, response) => response.end('hello'));
    const server = tunnelDoor(gateway);
    const stage = new Stage(t);
    saveTunnelToken(stage.dataDir, nameOfServer(server), TOKEN);
    const app = { name: 'web', local_port: local.port, subdomain: 'app' };
    stage.desk.follow(configFor(server, {}, app));
    await stage.says('tunnel open');
    assert.deepEqual(stage.reports, [['web', 'online', 'http://app.example.test', null]]);
    const visit = () => ask(gateway.url, { headers: { Host: 'app.example.test' } });
    assert.equal((await visit()).body, 'hello');
    assert.deepEqual(
      stage.desk.reports().map(({ requests, bytesOut }) => [requests, bytesOut]),
      [[1, 5]],
    );
    stage.desk.follow(configFor(server, { inspect: { requests: 5 } }, app));
    assert.deepEqual(stage.said, []);
    const [request] = stage.desk.requests() ?? [];
    assert.deepEqual([request?.path, request?.status, request?.answer.text], ['/', 200, 'hello']);
    const repeated = await stage.desk.replay(request?.id ?? 0);
    assert.deepEqual([repeated.replayOf, repeated.answer.text], [request?.id, 'hello']);
    await assert.rejects(stage.desk.replay(99), { code: 'not_found' });
    assert.equal(stage.desk.findRequest(repeated.id)?.status, 200);
    stage.desk.forgetRequests();
    assert.deepEqual(stage.desk.requests(), []);
    stage.desk.follow(configFor(server));
    assert.deepEqual(stage.reports, []);
    assert.equal((await visit()).status, 503);
  });

  test('tell, and log, that a local server fails its checks and that it is well again', async (t) => {
    // Closed first: the gateway looks for what its end has left over.
    const stage = new Stage(t);
    const gateway = await serveTunnels(t);
    let status = 500;
    const local = await localServer(t, (_request, response) => response.writeHead(status).end());
    const health = { path: '/', interval: '100ms', unhealthy_after: 1 };
    const more = { auth_token: TOKEN };
    stage.desk.follow(configFor(tunnelDoor(gateway), more, { name: 'web', local_port: local.port, health }));
    await stage.says('local server unhealthy, visitors are turned away');
    assert.deepEqual(stage.desk.reports()[0]?.health, { state: 'unhealthy', why: '/ is answered with 500' });
    status = 200;
    await stage.says('local server healthy again');
    assert.deepEqual(stage.desk.reports()[0]?.health, { state: 'healthy', why: null });
  });

  test('tell why they are not open, and are tried again by a reload', async (t) => {
    const gateway = await serveTunnels(t);
    const server = tunnelDoor(gateway);
    const stage = new Stage(t);
    const app = { name: 'web', local_port: 1 };
    stage.desk.follow(configFor(server, {}, app));
    assert.match(stage.reports[0]?.[3] ?? '', /^there is no token .*sluice register --server/);
    stage.desk.follow(configFor(server, { auth_token: 'wrong' }, app));
    await stage.says('tunnels ended; a reload tries again');
    assert.match(stage.reports[0]?.[3] ?? '', /\(UNAUTHORIZED\)$/);
    saveTunnelToken(stage.dataDir, nameOfServer(server), TOKEN);
    stage.desk.follow(configFor(server, {}, app));
    await stage.says('tunnel open');
    assert.equal(stage.reports[0]?.[1], 'online');
  });
});
