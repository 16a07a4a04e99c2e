// From the start to the end of the real program: its doors, what it says, and how it stops.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { runSluice, startSluice } from '../support/sluice-process.ts';

const WINDOWS = process.platform === 'win32' && 'signals and modes are different on Windows';

/** A server whose answers the test gives by hand. */
async function slowBackend(t: TestContext): Promise<{ url: string; next: () => Promise<ServerResponse> }> {
  const arrived: ServerResponse[] = [];
  let wake: () => void = () => {};
  const server = createServer((_request: IncomingMessage, response) => {
    arrived.push(response);
    wake();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (): Promise<ServerResponse> => {
    while (arrived.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return arrived.shift()!;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, next };
}

async function takenPort(t: TestContext): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function accepts(address: string): Promise<boolean> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

describe('sluice up', () => {
  test('without a config opens its doors, and everything that it offers to try works', async (t) => {
    const sluice = await startSluice(t);
    const commands = [...sluice.stderr.matchAll(/curl (http:\S+)/g)].map(([, url]) => url ?? '');
    assert.equal(commands.length, 2);
    for (const url of commands) assert.equal((await fetch(url)).status, 200, url);
    const link = /http:\/\/\S+\/#t=(slc_\S+)/.exec(sluice.stderr);
    assert.equal(link?.[1], sluice.token);
    const status = await runSluice(t, ['status'], { folder: sluice.folder });
    assert.equal(status.code, 0, status.stderr);
    for (const door of ['gateway', 'admin', 'metrics'])
      assert.ok(status.stdout.includes(sluice.address(door)), status.stdout);
  });

  test('keeps the token it has made to itself, and shows it once', { skip: WINDOWS }, async (t) => {
    const first = await startSluice(t);
    const mode = (path: string): number => statSync(path).mode & 0o777;
    assert.equal(mode(first.dataDir), 0o700);
    assert.equal(mode(join(first.dataDir, 'admin-token')), 0o600);
    assert.equal(mode(join(first.dataDir, 'running.json')), 0o600);
    const { token } = first;
    assert.equal(first.stdout.includes(token), false, 'the token is in the log');
    first.signal('SIGTERM');
    assert.deepEqual(await first.ended, { code: 0, signal: null });
    assert.equal(existsSync(join(first.dataDir, 'running.json')), false);

    const second = await startSluice(t, { folder: first.folder });
    assert.equal(second.token, token);
    assert.equal(second.stderr.includes(token), false, 'the token is shown again');
    assert.ok(second.stderr.includes(join(second.dataDir, 'admin-token')));
  });

  for (const [door, key, wayOut] of [
    ['gateway', 'gateway.listen', '--port PORT'],
    ['admin', 'admin.listen', 'SLUICE_ADMIN__LISTEN'],
    ['metrics', 'metrics.listen', 'SLUICE_METRICS__LISTEN'],
  ] as const) {
    test(`says which key asked for a port that is taken, and a way out: ${door}`, async (t) => {
      const port = await takenPort(t);
      const env = { [`SLUICE_${door.toUpperCase()}__LISTEN`]: `127.0.0.1:${port}` };
      const sluice = await runSluice(t, ['up'], { env });
      assert.equal(sluice.code, 3);
      assert.ok(
        sluice.stderr.includes(`${key}: cannot listen on 127.0.0.1:${port}: the address is already in use`),
        sluice.stderr,
      );
      assert.ok(sluice.stderr.includes(wayOut), sluice.stderr);
      assert.doesNotMatch(sluice.stderr, /^ +at /m, 'a stack is not for this');
    });
  }

  test('refuses a config that is not valid, with the line', async (t) => {
    const files = { 'sluice.yaml': 'log:\n  levle: info\n' };
    const sluice = await runSluice(t, ['up'], { files });
    assert.equal(sluice.code, 3);
    assert.match(sluice.stderr, /sluice\.yaml:2:3 .*unknown key "levle"/);
    assert.match(sluice.stderr, /did you mean "level"\?/);
    assert.equal(sluice.stdout, '');
  });

  test('refuses a data directory that cannot be used', async (t) => {
    const sluice = await runSluice(t, ['up'], { files: { file: '' }, env: { SLUICE_PROCESS__DATA_DIR: 'file/data' } });
    assert.equal(sluice.code, 3);
    assert.match(sluice.stderr, /process\.data_dir: the admin token cannot be kept in/);
  });

  test('runs on several workers as on one', async (t) => {
    const sluice = await startSluice(t, { env: { SLUICE_PROCESS__WORKERS: '2' } });
    assert.equal((await fetch(`${sluice.address('gateway')}/health`)).status, 200);
    sluice.signal('SIGTERM');
    assert.deepEqual(await sluice.ended, { code: 0, signal: null });
  });
});

describe('a signal to stop', { skip: WINDOWS }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`lets what runs finish: ${signal}`, async (t) => {
      const backend = await slowBackend(t);
      const sluice = await startSluice(t, { env: { DEFAULT_BACKEND: backend.url } });
      const gateway = sluice.address('gateway');
      const answer = fetch(`${gateway}/slow`);
      const response = await backend.next();
      sluice.signal(signal);
      await sluice.says(/"message":"stopping/);
      while (await accepts(gateway));
      const status = await sluice.admin('/api/v1/status');
      assert.equal(((await status.json()) as { state: string }).state, 'draining');
      response.end('done');
      assert.equal(await (await answer).text(), 'done');
      assert.deepEqual(await sluice.ended, { code: 0, signal: null });
    });
  }

  test('turns readiness to 503 on a connection that is still open', async (t) => {
    const backend = await slowBackend(t);
    const sluice = await startSluice(t, { env: { DEFAULT_BACKEND: backend.url } });
    const socket = connect(Number(new URL(sluice.address('gateway')).port), '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /health/readiness HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await backend.next();
    sluice.signal('SIGTERM');
    await sluice.says(/"message":"stopping/);
    response.end('done');
    const answers = await text(socket);
    // The second request may have been read before the drain began; if so it must say the truth.
    assert.match(answers, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(answers.slice(10), /HTTP\/1\.1 200 /);
    assert.deepEqual(await sluice.ended, { code: 0, signal: null });
  });

  for (const workers of [1, 2]) {
    test(`is told to load balancers first, with ${workers} threads`, async (t) => {
      const process = { workers, shutdown_delay: '1h' };
      const files = { 'sluice.yaml': JSON.stringify({ process }) };
      const sluice = await startSluice(t, { files });
      const statusOf = async (path: string): Promise<number> =>
        (await fetch(`${sluice.address('gateway')}${path}`, { headers: { connection: 'close' } })).status;
      assert.equal(await statusOf('/health/readiness'), 200);
      sluice.signal('SIGTERM');
      await sluice.says(/"message":"stopping/);
      while ((await statusOf('/health/readiness')) !== 503);
      assert.equal(await statusOf('/health/liveness'), 200);
      sluice.signal('SIGINT');
      const { signal } = await sluice.ended;
      assert.equal(signal, null);
    });
  }

  test('given twice cuts what still runs, and the exit code says so', async (t) => {
    const backend = await slowBackend(t);
    const sluice = await startSluice(t, { env: { DEFAULT_BACKEND: backend.url } });
    const answer = fetch(`${sluice.address('gateway')}/slow`).then(
      () => 'answered',
      () => 'cut',
    );
    await backend.next();
    sluice.signal('SIGINT');
    await sluice.says(/"message":"stopping/);
    sluice.signal('SIGTERM');
    assert.equal(await answer, 'cut');
    assert.deepEqual(await sluice.ended, { code: 8, signal: null });
  });

  test('given to a launcher and its program at once is one signal', async (t) => {
    const backend = await slowBackend(t);
    const sluice = await startSluice(t, { env: { DEFAULT_BACKEND: backend.url } });
    const answer = fetch(`${sluice.address('gateway')}/slow`);
    const response = await backend.next();
    sluice.signal('SIGTERM');
    sluice.signal('SIGTERM');
    await sluice.says(/"message":"stopping/);
    response.end('done');
    assert.equal(await (await answer).text(), 'done');
    assert.deepEqual(await sluice.ended, { code: 0, signal: null });
  });

  test('cuts what still runs when the grace is over', async (t) => {
    const backend = await slowBackend(t);
    const env = { DEFAULT_BACKEND: backend.url, SLUICE_PROCESS__SHUTDOWN_GRACE: '50ms' };
    const sluice = await startSluice(t, { env });
    const answer = fetch(`${sluice.address('gateway')}/slow`).then(
      () => 'answered',
      () => 'cut',
    );
    await backend.next();
    sluice.signal('SIGTERM');
    assert.equal(await answer, 'cut');
    assert.deepEqual(await sluice.ended, { code: 8, signal: null });
    assert.equal(sluice.logged('connections cut that were still open').length, 1);
  });

  test('is nothing to hurry for when nobody is connected', async (t) => {
    const sluice = await startSluice(t, { env: { SLUICE_PROCESS__SHUTDOWN_GRACE: '1h' } });
    sluice.signal('SIGTERM');
    assert.deepEqual(await sluice.ended, { code: 0, signal: null });
  });
});
