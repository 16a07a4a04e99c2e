import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { loadConfig } from '../config/load.ts';
import { findRunningFile } from '../runtime/running-file.ts';
import { runInForeground } from './foreground.ts';

interface Running {
  readonly folder: string;
  readonly cli: FakeCli;
  readonly code: Promise<number>;
  readonly address: (door: string) => string;
  readonly log: () => Record<string, unknown>[];
}

/** In this process, so signals are emitted, not sent. */
async function run(t: TestContext, settings: { config?: string; watch?: boolean } = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-foreground-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'sluice.yaml'), settings.config ?? '');
  const env = {
    SLUICE_PROCESS__DATA_DIR: folder,
    SLUICE_GATEWAY__LISTEN: '127.0.0.1:0',
    SLUICE_EGRESS__LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN__LISTEN: '127.0.0.1:0',
    SLUICE_METRICS__LISTEN: '127.0.0.1:0',
    SLUICE_LOG__FILE: join(folder, 'sluice.log'),
  };
  const cli = new FakeCli({ env, cwd: folder });
  const started = cli.stderr.says('ready in');
  const load = () => loadConfig({ files: ['sluice.yaml'], env, cwd: folder });
  const code = runInForeground(cli, { load, configFiles: ['sluice.yaml'], watch: settings.watch ?? false });
  await Promise.race([started, code]);
  const address = (door: string) => findRunningFile(folder)?.doors.find(({ name }) => name === door)?.address ?? '';
  const log = () => {
    const lines = readFileSync(join(folder, 'sluice.log'), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { folder, cli, code, address, log };
}

describe('a Sluice in the foreground', () => {
  test('opens its doors, says so, and ends with 0 when it is stopped', async (t) => {
    const { cli, code, address, folder, log } = await run(t);
    assert.equal((await fetch(`${address('gateway')}/health`)).status, 200);
    assert.match(await (await fetch(`${address('metrics')}/metrics`)).text(), /^sluice_http_requests_total/m);
    assert.match(cli.err, /SLUICE \d[\s\S]*Config {4}sluice\.yaml/);
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await code, 0);
    assert.equal(findRunningFile(folder), undefined);
    assert.deepEqual([log()[0]?.['message'], log().at(-1)?.['message']], ['ready', 'stopped']);
  });

  test('shows warnings of its config, and starts all the same', async (t) => {
    const { cli, code } = await run(t, { config: 'gateway: { listen: "0.0.0.0:0" }\nusers: []\n' });
    process.emit('SIGINT', 'SIGINT');
    assert.equal(await code, 0);
    assert.match(cli.err, /ready in/);
  });

  test('loads its config again and opens its log again on SIGHUP', async (t) => {
    const { code, address, folder, log } = await run(t);
    renameSync(join(folder, 'sluice.log'), join(folder, 'old.log'));
    writeFileSync(
      join(folder, 'sluice.yaml'),
      'gateway: { routes: [ { match: { path: /x }, to: { respond: { body: new } } } ] }',
    );
    process.emit('SIGHUP', 'SIGHUP');
    while ((await fetch(`${address('gateway')}/x`)).status !== 200);
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await code, 0);
    assert.ok(log().some(({ message, trigger }) => message === 'config reloaded' && trigger === 'signal'));
  });

  test('follows changes of its files when it is to watch them', async (t) => {
    const { code, address, folder } = await run(t, { watch: true });
    writeFileSync(
      join(folder, 'sluice.yaml'),
      'gateway: { routes: [ { match: { path: /x }, to: { respond: { body: new } } } ] }',
    );
    while ((await fetch(`${address('gateway')}/x`)).status !== 200);
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await code, 0);
  });

  test('survives an error that nobody caught, and counts it', async (t) => {
    const { code, address, log } = await run(t);
    const others = process.rawListeners('uncaughtException').slice(0, -1);
    for (const listener of others) process.off('uncaughtException', listener as never);
    process.emit('uncaughtException', new Error('oops'), 'uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener as never);
    assert.match(await (await fetch(`${address('metrics')}/metrics`)).text(), /^sluice_uncaught_errors_total 1$/m);
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await code, 0);
    assert.ok(log().some(({ message }) => message === 'uncaught error'));
  });
});
