import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { commandOf } from './command-request.ts';
import { CommandRules, type CommandSettings } from './command-rules.ts';
import type { RunSpec } from './run-spec.ts';

function rules(t: TestContext, settings: Partial<CommandSettings> = {}, environment: Record<string, string> = {}) {
  const workspace = realpathSync(temporaryFolder(t));
  const all = { allowed: ['/bin/cat'], workspace, env: [], timeoutMs: 60_000, maxOutputBytes: 1000, ...settings };
  const made = new CommandRules(all, environment);
  const specFor = (fields: object): RunSpec => made.specFor(commandOf({ command: 'cat', ...fields }), 'closed');
  return { workspace, specFor };
}

describe('the rules for commands', () => {
  test('let run what is listed, by its path, its name or another path to it', (t) => {
    const folder = temporaryFolder(t);
    symlinkSync('/bin/cat', join(folder, 'dog'));
    const { specFor } = rules(t);
    const file = realpathSync('/bin/cat');
    for (const command of ['cat', '/bin/cat', '/bin/../bin/cat', file, join(folder, 'dog')]) {
      const { file: found, name } = specFor({ command });
      assert.deepEqual([found, name], [file, '/bin/cat'], command);
    }
  });

  test('let nothing else run', (t) => {
    const { specFor } = rules(t, { allowed: ['/bin/cat', '/nowhere/tool', '/etc/passwd', '/usr'] });
    for (const command of [
      'sh',
      '/bin/sh',
      './cat',
      'bin/cat',
      '../bin/cat',
      'tool',
      '/etc/passwd',
      'usr',
      'CAT',
      'cat ',
      '$(cat)',
    ]) {
      assert.throws(() => specFor({ command }), { code: 'command_denied' }, command);
    }
  });

  test('refuse a link that leads elsewhere than it did', (t) => {
    const folder = temporaryFolder(t);
    const link = join(folder, 'tool');
    symlinkSync('/bin/cat', link);
    const { specFor } = rules(t, { allowed: [link] });
    assert.equal(specFor({ command: link }).file, realpathSync('/bin/cat'));
    symlinkSync('/bin/sh', join(folder, 'other'));
    renameSync(join(folder, 'other'), link);
    for (const command of [link, 'tool', '/bin/cat', '/bin/sh']) {
      assert.throws(() => specFor({ command }), { code: 'command_denied' }, command);
    }
  });

  test('keep commands in the workspace, whatever links say', (t) => {
    const { workspace, specFor } = rules(t);
    mkdirSync(join(workspace, 'sub'));
    mkdirSync(`${workspace}-beside`);
    t.after(() => renameSync(`${workspace}-beside`, join(temporaryFolder(t), 'x')));
    symlinkSync('/', join(workspace, 'out'));
    symlinkSync('sub', join(workspace, 'in'));
    writeFileSync(join(workspace, 'file'), '');
    assert.equal(specFor({}).cwd, workspace);
    for (const cwd of ['.', workspace, `${workspace}/sub/..`]) assert.equal(specFor({ cwd }).cwd, workspace);
    for (const cwd of ['sub', 'in', join(workspace, 'sub')]) assert.equal(specFor({ cwd }).cwd, join(workspace, 'sub'));
    for (const cwd of ['..', '/', 'out', 'out/etc', `${workspace}-beside`, 'file', 'nowhere', '/nowhere']) {
      assert.throws(() => specFor({ cwd }), { code: 'forbidden' }, cwd);
    }
    assert.throws(() => rules(t, { workspace: '/nowhere' }).specFor({}), { code: 'process_failed' });
    assert.equal(rules(t, { workspace: '/' }).specFor({ cwd: '/usr' }).cwd, '/usr');
  });

  test('pass on what is named, and let a request set that and what does no harm', (t) => {
    const own = { PATH: '/bin', HOME: '/root', LANG: 'C', SECRET: 's', APP: '1', LD_LIBRARY_PATH: '/opt' };
    const { specFor } = rules(t, { env: ['APP', 'UNSET', 'LD_LIBRARY_PATH'] }, own);
    const passed = { PATH: '/bin', HOME: '/root', LANG: 'C', APP: '1', LD_LIBRARY_PATH: '/opt' };
    assert.deepEqual(specFor({}).env, passed);
    const env = { APP: '2', UNSET: 'x', TZ: 'UTC', LC_ALL: 'C' };
    assert.deepEqual(specFor({ env }).env, { ...passed, ...env });
    for (const name of [
      'SECRET',
      'OTHER',
      'PATH',
      'HOME',
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'NODE_OPTIONS',
      'BASH_ENV',
      'SLUICE_RUN_ID',
    ]) {
      assert.throws(() => specFor({ env: { [name]: '' } }), { code: 'forbidden' }, name);
    }
  });

  test('give no request more time than the configuration does', (t) => {
    const { specFor } = rules(t);
    assert.deepEqual(
      [{}, { timeout: 5 }, { timeout: 500 }].map((more) => specFor(more).timeoutMs),
      [60_000, 5000, 60_000],
    );
    assert.deepEqual([specFor({}).stdin, specFor({ stdin: '' }).stdin], ['closed', 'open']);
  });

  test('know a program by the file, not by where it lay', (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'own');
    copyFileSync('/bin/cat', file);
    assert.equal(rules(t, { allowed: [file] }).specFor({ command: 'own' }).file, realpathSync(file));
  });
});
