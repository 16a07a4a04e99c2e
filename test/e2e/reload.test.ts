// A new config comes into force in the real program: by signal, through the API, by command and by watching the files.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const WINDOWS = process.platform === 'win32' && 'Windows has no SIGHUP';

function answering(body: string, more = ''): string {
  return `gateway:\n  routes:\n    - match: { path: /page }\n      to: { respond: { body: "${body}" } }\n${more}`;
}

function startWith(t: TestContext, config: string, args: readonly string[] = []): Promise<SluiceProcess> {
  return startSluice(t, { args: ['up', ...args], files: { 'sluice.yaml': config } });
}

async function page(sluice: SluiceProcess): Promise<string> {
  return (await fetch(`${sluice.address('gateway')}/page`)).text();
}

describe('a reload', () => {
  test('by SIGHUP brings the new config into force', { skip: WINDOWS }, async (t) => {
    const sluice = await startWith(t, answering('old'));
    assert.equal(await page(sluice), 'old');
    sluice.write('sluice.yaml', answering('new'));
    sluice.signal('SIGHUP');
    await sluice.says(/"message":"config reloaded"/);
    assert.equal(await page(sluice), 'new');
  });

  test('by command says what has changed and what needs a restart', async (t) => {
    const sluice = await startWith(t, answering('old'));
    sluice.write('sluice.yaml', answering('new', 'log: { file: other.log }\n'));
    const reload = await runSluice(t, ['reload'], { folder: sluice.folder });
    assert.equal(reload.code, 0, reload.stderr);
    assert.match(
      reload.stderr,
      /^Reloaded, changed: log\.file, gateway\.routes\nOnly a restart brings into force: log\.file\n$/,
    );
    assert.equal(await page(sluice), 'new');
    const status = await runSluice(t, ['status'], { folder: sluice.folder });
    assert.match(status.stdout, /restart +needed for log\.file/);
  });

  test('by command reaches one without an admin door by a signal', { skip: WINDOWS }, async (t) => {
    const config = answering('old', 'admin: { listen: null }\n');
    const env = { SLUICE_ADMIN__LISTEN: '' };
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config }, env });
    const reload = await runSluice(t, ['reload'], { folder: sluice.folder, env });
    assert.deepEqual([reload.code, reload.stderr.slice(0, 18)], [0, 'Asked by a signal,']);
    await sluice.says(/"message":"config reloaded"/);
  });

  test('through the API goes ahead only for the config that was read', async (t) => {
    const sluice = await startWith(t, answering('old'));
    const etag = (await sluice.admin('/api/v1/config')).headers.get('etag') ?? '';
    const reload = (tag: string): Promise<Response> =>
      sluice.admin('/api/v1/reload', { method: 'POST', headers: { 'If-Match': tag } });
    const first = await reload(etag);
    assert.equal(first.status, 200);
    assert.notEqual(first.headers.get('etag'), etag);
    const second = await reload(etag);
    assert.equal(second.status, 412);
    assert.equal((await reload(first.headers.get('etag') ?? '')).status, 200);
  });

  test('with --watch follows the files, also when an editor replaces them', async (t) => {
    const sluice = await startWith(t, answering('old'), ['--watch']);
    sluice.write('sluice.yaml.new', answering('new'));
    renameSync(join(sluice.folder, 'sluice.yaml.new'), join(sluice.folder, 'sluice.yaml'));
    await sluice.says(/"trigger":"watch".*"message":"config reloaded"/);
    assert.equal(await page(sluice), 'new');
    sluice.write('sluice.yaml', answering('newest'));
    await sluice.says(/("message":"config reloaded"[\s\S]*){2}/);
    assert.equal(await page(sluice), 'newest');
  });

  test('takes in a policy of the user that has changed, on every thread, and no broken one', async (t) => {
    const policy = (word: string): string =>
      `export const policy = () => ({ request: (exchange) => exchange.answer({ status: 200, body: '${word}' }) });`;
    const files = { 'sluice.yaml': answering('page', 'policies: { ./own.ts: {} }\n'), 'own.ts': policy('old') };
    const sluice = await startSluice(t, {
      args: ['up', '--watch'],
      files,
      env: { SLUICE_PROCESS__WORKERS: '2' },
    });
    const words = async (): Promise<string[]> => [
      ...new Set(await Promise.all(Array.from({ length: 20 }, () => page(sluice)))),
    ];
    assert.deepEqual(await words(), ['old']);
    sluice.write('own.ts', policy('new'));
    await sluice.says(/"trigger":"watch".*"message":"config reloaded"/);
    assert.deepEqual(await words(), ['new']);
    sluice.write('own.ts', 'export const policy = 1;');
    await sluice.says(/"trigger":"watch".*sluice.yaml:5:13.*own\.ts.*"message":"config not reloaded/);
    assert.deepEqual(await words(), ['new']);
    const explained = await runSluice(t, ['explain', `${sluice.address('gateway')}/page`], { folder: sluice.folder });
    assert.match(explained.stdout, /own\.ts +is not asked in a dry run/);
  });

  test('of a broken file changes nothing and says why, whoever asked for it', { skip: WINDOWS }, async (t) => {
    const sluice = await startWith(t, answering('old'), ['--watch']);
    sluice.write('sluice.yaml', answering('new', 'log: { levle: info }\n'));
    await sluice.says(/"trigger":"watch".*levle.*"message":"config not reloaded, the one in force stays"/);
    sluice.signal('SIGHUP');
    await sluice.says(/"trigger":"signal".*"message":"config not reloaded, the one in force stays"/);

    const answer = await sluice.admin('/api/v1/reload', { method: 'POST' });
    assert.equal(answer.status, 422);
    const { error } = (await answer.json()) as {
      error: { code: string; problems: { line: number; message: string }[] };
    };
    assert.equal(error.code, 'config_invalid');
    assert.deepEqual(
      error.problems.map(({ line }) => line),
      [5],
    );

    const reload = await runSluice(t, ['reload'], { folder: sluice.folder });
    assert.equal(reload.code, 3);
    assert.match(reload.stderr, /sluice\.yaml:5:8 .*unknown key "levle"/);

    assert.equal(await page(sluice), 'old');
    const metrics = await (await fetch(`${sluice.address('metrics')}/metrics`)).text();
    assert.match(metrics, /^sluice_config_reloads_total\{result="failure"\} 4$/m);
    assert.match(metrics, /^sluice_config_reloads_total\{result="success"\} 0$/m);
  });

  test('onto a port that is taken changes nothing either', async (t) => {
    const sluice = await startWith(t, answering('old'));
    // The one in the environment wins, so the file cannot move the door; the metrics door's port is surely taken.
    const { port } = new URL(sluice.address('metrics'));
    const second = await runSluice(t, ['up', '--port', port], { folder: sluice.folder });
    assert.equal(second.code, 3);
    assert.match(second.stderr, /gateway\.listen: cannot listen on 127\.0\.0\.1:\d+: the address is already in use/);
    assert.equal(await page(sluice), 'old');
    assert.equal((await runSluice(t, ['status'], { folder: sluice.folder })).code, 0);
  });

  test('ends what is in flight on the old config', async (t) => {
    const sluice = await startWith(t, answering('old'));
    const bodies = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        if (index === 20) {
          sluice.write('sluice.yaml', answering('new'));
          await sluice.admin('/api/v1/reload', { method: 'POST' });
        }
        return page(sluice);
      }),
    );
    for (const body of bodies) assert.ok(body === 'old' || body === 'new', body);
    assert.equal(await page(sluice), 'new');
  });

  test('opens the log file again, so that it can be rotated', { skip: WINDOWS }, async (t) => {
    const sluice = await startWith(t, 'log: { file: sluice.log }');
    renameSync(join(sluice.folder, 'sluice.log'), join(sluice.folder, 'old.log'));
    sluice.signal('SIGHUP');
    sluice.signal('SIGTERM');
    await sluice.ended;
    assert.match(sluice.read('old.log'), /"message":"ready"/);
    assert.match(sluice.read('sluice.log'), /"message":"stopped"/);
  });
});
