// The genuine clients of both generations against the tunnel server. They are not part of the project: whoever has installed them names
// their commands, and without a name there is no test.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { doorOf, serve, visit } from '../support/tunnel-visits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'token-of-alice-0123456789';
const NEVER_MS = 30_000;

async function app(t: TestContext): Promise<number> {
  const server = http.createServer((request, response) => {
    if (request.url === '/chunked') response.write('one ');
    if (request.url === '/cookies') response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    if (request.url === '/moved') response.writeHead(302, { Location: '/there' });
    if (request.url === '/same') response.writeHead(304);
    request
      .on('data', (bytes: Buffer) => response.write(`got ${bytes.toString()}`))
      .on('end', () => response.end('done'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Until it has said its URL. */
async function start(t: TestContext, command: string, args: readonly string[]): Promise<string> {
  const home = temporaryFolder(t);
  const child: ChildProcess = spawn(command, args, { env: { PATH: '/usr/bin:/bin', HOME: home }, cwd: home });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const bound = setTimeout(() => child.kill('SIGKILL'), NEVER_MS);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('\n') && child.exitCode === null && child.signalCode === null)
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  clearTimeout(bound);
  return said.trim();
}

const GENERATIONS = [
  ['2.x', 'SLUICE_RETUNNEL_2'],
  ['3.x', 'SLUICE_RETUNNEL_3'],
] as const;

describe('the genuine client', () => {
  for (const [generation, variable] of GENERATIONS) {
    const command = process.env[variable];
    if (command === undefined) continue;
    test(`of the generation ${generation} brings visitors to its app`, async (t) => {
      const gateway = await serve(t, { users: [{ name: 'alice', token: TOKEN, may: ['tunnels'] }] });
      const server = doorOf(gateway).replace(/^http/, 'ws');
      const port = await app(t);
      const args = ['http', String(port), '--subdomain', 'app', '--server', server, '--token', TOKEN];
      assert.equal(await start(t, command, args), 'http://app.example.test');
      const bodies = ['/', '/chunked', '/cookies'].map(async (path) => (await visit(gateway, path)).body);
      assert.deepEqual(await Promise.all(bodies), ['done', 'one done', 'done']);
      assert.equal((await visit(gateway, '/', { method: 'POST', body: 'hello' })).body, 'got hellodone');
      const statuses = ['/moved', '/same'].map(async (path) => (await visit(gateway, path)).status);
      assert.deepEqual(await Promise.all(statuses), [302, 304]);
      assert.equal((await visit(gateway, '/', { method: 'HEAD' })).status, 200);
      const cookies = (await visit(gateway, '/cookies')).headers['set-cookie'];
      // Those of 2.x keep the last one of fields that come twice.
      assert.deepEqual(cookies, generation === '2.x' ? ['b=2'] : ['a=1', 'b=2']);
    });
  }

  const spa = process.env['SLUICE_RETUNNEL_3'];
  if (spa !== undefined) {
    test('gets an id of its own where it asks for a path', async (t) => {
      const gateway = await serve(t, { users: [{ name: 'alice', token: TOKEN, may: ['tunnels'] }] });
      const server = doorOf(gateway).replace(/^http/, 'ws');
      const url = await start(t, spa, ['http', String(await app(t)), '--spa', '--server', server, '--token', TOKEN]);
      assert.match(url, /^http:\/\/t[a-z0-9]{10}\.example\.test$/);
      assert.equal((await visit(gateway, '/a%2Fb//c/../%zz', {}, new URL(url).host)).body, 'done');
    });
  }
});
