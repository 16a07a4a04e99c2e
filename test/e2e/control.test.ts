// The admin and the metrics door of the real program, from outside: who is let in, and who is not.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { startSluice, type SluiceProcess } from '../support/sluice-process.ts';

/** As fetch, but with any Host. */
function ask(
  sluice: SluiceProcess,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string }> {
  const { port } = new URL(sluice.address('admin'));
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('the admin door', () => {
  test('wants the token that the program has made, and only that', async (t) => {
    const sluice = await startSluice(t);
    const authorized = { Authorization: `Bearer ${sluice.token}` };
    for (const path of ['/api/v1/status', '/api/v1/config', '/api/v1/stats', '/api/v1/openapi.json']) {
      assert.equal((await ask(sluice, path, authorized)).status, 200, path);
      assert.equal((await ask(sluice, path, {})).status, 401, path);
      assert.equal((await ask(sluice, path, { Authorization: `Bearer ${sluice.token}x` })).status, 401, path);
    }
    assert.equal((await ask(sluice, '/api/v1/health', {})).status, 200);
    sluice.signal('SIGTERM');
    await sluice.ended;
    assert.equal(
      (sluice.stdout + sluice.stderr).split(sluice.token).length,
      2,
      'the token is written once, in the start-up block',
    );
  });

  test('lets in users who may, and the token of the config instead of one of its own', async (t) => {
    const config = `
admin: { token: from-config }
users:
  - { name: alice, token: alices, may: [admin] }
  - { name: bob, token: bobs, may: [ai] }
`;
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const statusFor = async (token: string): Promise<number> =>
      (await ask(sluice, '/api/v1/status', { Authorization: `Bearer ${token}` })).status;
    assert.deepEqual(await Promise.all(['from-config', 'alices', 'bobs'].map(statusFor)), [200, 200, 401]);
    const shown = await ask(sluice, '/api/v1/config', { Authorization: 'Bearer alices' });
    assert.doesNotMatch(shown.body, /from-config|alices|bobs/);
    await ask(sluice, '/api/v1/reload', { Authorization: 'Bearer alices' }, 'POST');
    await sluice.says(/"actor":"alice"/);
    assert.doesNotMatch(sluice.stdout + sluice.stderr, /from-config|alices|bobs/);
  });

  test('refuses a page that has rebound its name to this address', async (t) => {
    const sluice = await startSluice(t);
    const authorized = { Authorization: `Bearer ${sluice.token}` };
    assert.equal((await ask(sluice, '/api/v1/status', { ...authorized, Host: 'localhost:1' })).status, 200);
    for (const host of ['evil.example', '192.0.2.1', 'localhost.evil.example']) {
      const { status, body } = await ask(sluice, '/api/v1/status', { ...authorized, Host: host });
      assert.equal(status, 403);
      assert.match(body, /"code":"forbidden"/);
    }
  });

  test('refuses writes of other sites and shares nothing with them', async (t) => {
    const sluice = await startSluice(t);
    const authorized = { Authorization: `Bearer ${sluice.token}` };
    for (const headers of [{ Origin: 'http://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      assert.equal((await ask(sluice, '/api/v1/reload', { ...authorized, ...headers }, 'POST')).status, 403);
    }
    const own = { ...authorized, Origin: sluice.address('admin'), 'Sec-Fetch-Site': 'same-origin' };
    assert.equal((await ask(sluice, '/api/v1/reload', own, 'POST')).status, 200);
    const answer = await fetch(`${sluice.address('admin')}/api/v1/health`, {
      headers: { Origin: 'http://evil.example' },
    });
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
  });

  test('closes with null', async (t) => {
    const sluice = await startSluice(t, { env: { SLUICE_ADMIN__LISTEN: 'null' } });
    assert.throws(() => sluice.address('admin'));
    assert.doesNotMatch(sluice.stderr, /Admin/);
  });
});

describe('the metrics door', () => {
  test('counts what goes through the gateway, under the path of the config', async (t) => {
    const sluice = await startSluice(t, { files: { 'sluice.yaml': 'metrics: { path: /m }' } });
    await (await fetch(`${sluice.address('gateway')}/health`)).text();
    const answer = await fetch(`${sluice.address('metrics')}/m`);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await answer.text(), /^sluice_http_requests_total\{[^}]*route="health"[^}]*\} 1$/m);
    assert.equal((await fetch(`${sluice.address('metrics')}/metrics`)).status, 404);
    const stats = (await (await sluice.admin('/api/v1/stats')).json()) as { total_requests: number };
    assert.equal(stats.total_requests, 1);
  });
});
