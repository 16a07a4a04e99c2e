// A local server behind a tunnel that turns unhealthy and well again, as visitors, scripts and the admin door see it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { ask, type Asked } from '../support/ask.ts';
import { Exposed, localServer, serveTunnels, TOKEN, tunnelDoor, wish } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';
import { SluiceProcess } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HEALTH = { path: '/healthz', interval: 100, timeout: 2000, unhealthy_after: 2, healthy_after: 1 };

function visit(gateway: Gateway, asked: Asked = {}): ReturnType<typeof ask> {
  return ask(`${gateway.url}/`, { ...asked, headers: { Host: 'app.example.test', ...asked.headers } });
}

/** A local server that counts its visitors, and is as well as it is told. */
class Patient {
  status = 200;
  visitors = 0;
  port = 0;

  static async open(t: TestContext): Promise<Patient> {
    const patient = new Patient();
    const { port } = await localServer(t, ({ url }, response) => {
      if (url === '/healthz') response.writeHead(patient.status).end();
      else {
        patient.visitors += 1;
        response.end('hello');
      }
    });
    patient.port = port;
    return patient;
  }
}

describe('a local server that fails its health check', () => {
  test('is kept from visitors, who are told, until it is well again', async (t) => {
    const gateway = await serveTunnels(t);
    const patient = await Patient.open(t);
    const exposed = await Exposed.open(t, gateway, wish(patient.port, { health: HEALTH, auth: 'ann:secret' }));
    const known = { headers: { Authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` } };
    assert.equal((await visit(gateway, known)).body, 'hello');
    patient.status = 500;
    await exposed.until(() => exposed.health.length === 1);
    const refused = await visit(gateway, known);
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
    assert.equal((JSON.parse(refused.body) as { error: { code: string } }).error.code, 'tunnel_unhealthy');
    const page = await visit(gateway, { headers: { ...known.headers, Accept: 'text/html' } });
    assert.match(page.body, /^<!doctype html>[^]*fails its health check/);
    assert.equal((await visit(gateway)).status, 401);
    const socket = new WebSocket(gateway.url.replace(/^http/, 'ws'), {
      headers: { Host: 'app.example.test', ...known.headers },
    });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [http.ClientRequest, http.IncomingMessage];
    assert.equal(response.statusCode, 503);
    response
      .on('error', () => {})
      .socket.on('error', () => {})
      .destroy();
    assert.equal(patient.visitors, 1);
    patient.status = 204;
    await exposed.until(() => exposed.health.length === 2);
    assert.deepEqual(exposed.health, ['unhealthy', 'healthy']);
    assert.equal((await visit(gateway, known)).body, 'hello');
  });

  test('is told of by sluice http, on stderr and to programs, once for each change', async (t) => {
    const gateway = await serveTunnels(t);
    const patient = await Patient.open(t);
    const cwd = temporaryFolder(t);
    const checks = ['--health-path', '/healthz', '--health-interval', '100ms'];
    const usual = ['http', String(patient.port), '--server', tunnelDoor(gateway), ...checks];
    const env = { RETUNNEL_AUTH_TOKEN: TOKEN, HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd };
    const start = (...more: readonly string[]) => new SluiceProcess(t, { args: [...usual, ...more], env });
    patient.status = 500;
    const [plain, json] = [start('--subdomain', 'plain'), start('--subdomain', 'json', '--json')];
    await Promise.all([plain.says(/turned away/, 'stderr'), json.says(/"event":"unhealthy"/)]);
    patient.status = 200;
    await Promise.all([plain.says(/healthy again/, 'stderr'), json.says(/"event":"healthy"/)]);
    for (const each of [plain, json]) each.signal('SIGTERM');
    assert.deepEqual([(await plain.ended).code, (await json.ended).code], [0, 0]);
    assert.equal(
      plain.stderr,
      'sluice: plain: the local server is unhealthy, visitors are turned away: /healthz is answered with 500\n' +
        'sluice: plain: the local server is healthy again\n',
    );
  });
});
