// One Sluice takes the place of another on the same addresses while clients go on asking.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { findRunningFile } from '../../src/runtime/running-file.ts';
import { Exposed, localServer, TOKEN, wish } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import { http1Origin } from '../support/origins.ts';
import { makeCertificate } from '../support/pki.ts';
import { type SluiceOptions, SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const skip = process.platform === 'linux' ? false : 'ports are shared on Linux only';

interface Place {
  readonly options: SluiceOptions;
  readonly urls: Readonly<Record<'gateway' | 'secure' | 'egress' | 'admin', string>>;
  readonly backend: string;
  readonly folder: string;
}

/** A folder with a configuration whose addresses are fixed. */
async function place(t: TestContext, workers: number): Promise<Place> {
  const [gateway = 0, secure = 0, egress = 0, admin = 0] = await freePorts(4);
  const folder = temporaryFolder(t);
  const backend = await http1Origin(t, (_request, response) => response.end('hello'));
  const { cert, key } = makeCertificate(folder);
  const config = `
gateway:
  listen: [127.0.0.1:${gateway}, { address: 127.0.0.1:${secure}, tls: { cert: ${cert}, key: ${key} } }]
  default_backend: ${backend}
egress: { listen: 127.0.0.1:${egress} }
admin: { listen: 127.0.0.1:${admin} }
metrics: { listen: null }
process: { data_dir: ${join(folder, 'data')}, workers: ${workers} }
log: { access: false }
`;
  // What the environment says would win over the file.
  const env = {
    SLUICE_GATEWAY__LISTEN: '',
    SLUICE_EGRESS__LISTEN: '',
    SLUICE_ADMIN__LISTEN: '',
    SLUICE_METRICS__LISTEN: '',
  };
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const urls = { gateway: url(gateway), secure: `https://127.0.0.1:${secure}`, egress: url(egress), admin: url(admin) };
  return { options: { folder, files: { 'sluice.yaml': config }, env }, urls, backend, folder };
}

const again = (before: SluiceProcess, { options: { env = {} } }: Place): SluiceOptions => ({
  folder: before.folder,
  env,
  args: ['up', '--takeover'],
});

describe('a Sluice that takes the place of another', { skip }, () => {
  for (const workers of [1, 2]) {
    test(`loses no request, with ${workers} of its threads, and may be replaced itself`, async (t) => {
      const there = await place(t, workers);
      const first = await startSluice(t, there.options);
      const { gateway, secure, egress } = there.urls;
      const loads = [
        new SteadyLoad({ url: `${gateway}/a`, body: 'hello' }),
        new SteadyLoad({ url: `${secure}/a`, body: 'hello', fresh: 1 }),
        new SteadyLoad({ url: `${there.backend}/a`, body: 'hello', proxy: egress, keeping: 0, fresh: 1 }),
      ];
      const more = (): Promise<unknown> => Promise.all(loads.map((load) => load.more(30)));
      await more();
      const second = await startSluice(t, again(first, there));
      await more();
      assert.deepEqual(await first.ended, { code: 0, signal: null });
      await more();
      const third = await startSluice(t, again(second, there));
      assert.deepEqual(await second.ended, { code: 0, signal: null });
      await more();
      const failures = await Promise.all(loads.map((load) => load.stop()));
      assert.deepEqual(failures.flat(), []);
      assert.equal(findRunningFile(third.dataDir)?.pid, third.pid);
      assert.equal((await third.admin('/api/v1/status')).status, 200);
    });
  }

  test('leaves it as it was when the new one cannot start, and says why', async (t) => {
    const there = await place(t, 1);
    const first = await startSluice(t, there.options);
    const load = new SteadyLoad({ url: there.urls.gateway, body: 'hello', keeping: 1, fresh: 1 });
    const broken = new SluiceProcess(t, { ...again(first, there), args: ['up', '--takeover', '--port', 'x'] });
    assert.equal((await broken.ended).code, 3);
    assert.match(broken.stderr, /gateway\.listen/);
    const taken = await http1Origin(t, (_request, response) => response.end());
    const env = { ...there.options.env, SLUICE_METRICS__LISTEN: new URL(taken).host };
    const late = new SluiceProcess(t, { ...again(first, there), env });
    assert.equal((await late.ended).code, 3);
    assert.match(late.stderr, /metrics\.listen: cannot listen .* already in use/);
    await load.more(20);
    assert.deepEqual(await load.stop(), []);
    assert.equal(findRunningFile(first.dataDir)?.pid, first.pid);
    assert.equal((await first.admin('/api/v1/status')).status, 200);
  });

  test('is started by it when a signal asks for that', async (t) => {
    const there = await place(t, 1);
    let first: SluiceProcess | null = null;
    const started = (): number => Number(first?.logged('starting the Sluice that is to take over')[0]?.['pid'] ?? 0);
    // It shares the pipes of the first one, which has not ended for us as long as it holds them.
    t.after(() => started() > 0 && isThere(started()) && process.kill(started(), 'SIGKILL'));
    first = await startSluice(t, there.options);
    const load = new SteadyLoad({ url: there.urls.gateway, body: 'hello' });
    first.signal('SIGUSR2');
    await until(() => findRunningFile(join(there.folder, 'data'))?.pid === started());
    await load.more(20);
    assert.deepEqual(await load.stop(), []);
    process.kill(started(), 'SIGTERM');
    assert.deepEqual(await first.ended, { code: 0, signal: null });
    assert.match(first.stdout, /took over from the Sluice that ran before/);
  });

  test('starts as usual where there is none', async (t) => {
    const there = await place(t, 1);
    const alone = await startSluice(t, { ...there.options, args: ['up', '--takeover'] });
    assert.match(alone.stdout, /no other Sluice runs/);
  });

  test('has the unix sockets that it had', async (t) => {
    const folder = temporaryFolder(t);
    const socket = join(folder, 'door.sock');
    const config = `gateway: { listen: "unix:${socket}" }\nadmin: { listen: "unix:${folder}/admin.sock" }\n`;
    const env = { SLUICE_GATEWAY__LISTEN: '', SLUICE_ADMIN__LISTEN: '' };
    const first = await startSluice(t, { folder, files: { 'sluice.yaml': config }, env });
    const health = (): Promise<number> => statusAt(socket, '/health');
    assert.equal(await health(), 200);
    const second = await startSluice(t, { folder, env, args: ['up', '--takeover'] });
    await first.ended;
    assert.deepEqual([await health(), await statusAt(`${folder}/admin.sock`, '/api/v1/health')], [200, 200]);
    second.signal('SIGTERM');
    await second.ended;
    assert.deepEqual([existsSync(socket), existsSync(`${folder}/admin.sock`)], [false, false]);
  });

  test('keeps tunnels: their visitors wait for the client rather than fail', async (t) => {
    const folder = temporaryFolder(t);
    const [gateway = 0, door = 0] = await freePorts(2);
    const config = `
gateway: { listen: 127.0.0.1:${gateway} }
tunnels: { server: { enabled: true, listen: 127.0.0.1:${door}, domain: example.test, public_url: "http://{subdomain}.example.test" } }
users: [{ name: alice, token: ${JSON.stringify(TOKEN)}, may: [tunnels] }]
`;
    const env = { SLUICE_GATEWAY__LISTEN: '' };
    const first = await startSluice(t, { folder, files: { 'sluice.yaml': config }, env });
    const local = await localServer(t, (_request, response) => response.end('hello'));
    const exposed = new Exposed(t, { server: `127.0.0.1:${door}`, tunnels: [wish(local.port)] });
    await exposed.until(() => exposed.opened !== null);
    const url = `http://127.0.0.1:${gateway}/`;
    const load = new SteadyLoad({ url, headers: { Host: 'app.example.test' }, body: 'hello' });
    await load.more(20);
    await startSluice(t, { folder, env, args: ['up', '--takeover'] });
    await exposed.until(() => exposed.openings === 2);
    assert.equal((await first.ended).code, 0);
    await load.more(20);
    assert.deepEqual(await load.stop(), []);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const givenUpAt = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < givenUpAt, 'it never came to pass');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function statusAt(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.get({ socketPath, path }, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
  });
}
