import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { ConfigError, type ConfigProblem } from '../../config/problem.ts';
import { main } from '../main.ts';

const WARNING: ConfigProblem = {
  severity: 'warning',
  code: 'config_unsafe',
  message: 'anybody may come in',
  path: 'gateway.listen',
  file: null,
  source: 'defaults',
  line: null,
  column: null,
  excerpt: null,
  hint: null,
  explain: null,
};

describe('sluice reload', () => {
  test('says what has changed', async (t) => {
    const cli = (await runAdmin(t)).cli();
    assert.equal(await main(['reload'], cli), 0, cli.err);
    assert.deepEqual([cli.out, cli.err], ['', 'Reloaded, changed: log.level\n']);
  });

  test('says so when nothing has, and shows warnings and what waits for a restart', async (t) => {
    const { desk, cli: makeCli } = await runAdmin(t);
    desk.reloadOutcome = { tag: 't', changed: [], needsRestart: ['process.workers'], warnings: [WARNING] };
    const cli = makeCli();
    await main(['reload'], cli);
    assert.match(cli.err, /warning {2}config_unsafe {2}anybody may come in/);
    assert.ok(
      cli.err.endsWith('Reloaded, no key has changed\nOnly a restart brings into force: process.workers\n'),
      cli.err,
    );
  });

  test('gives the answer as JSON', async (t) => {
    const cli = (await runAdmin(t)).cli();
    await main(['reload', '--json'], cli);
    assert.deepEqual(JSON.parse(cli.out), {
      schema: 'sluice.reload/v1',
      tag: 'tag-2',
      changed: ['log.level'],
      needs_restart: [],
      warnings: [],
    });
  });

  test('shows what is wrong with the config, and ends with 3', async (t) => {
    const { desk, cli: makeCli } = await runAdmin(t);
    desk.reloadFault = new ConfigError([
      { ...WARNING, severity: 'error', code: 'config_missing', message: 'a key is missing' },
    ]);
    const cli = makeCli();
    assert.equal(await main(['reload'], cli), 3);
    assert.match(cli.err, /error {2}config_missing {2}a key is missing/);
  });
});
