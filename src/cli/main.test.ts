import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { main } from './main.ts';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const cli = new FakeCli();
  const code = await main(argv, cli);
  return { code, out: cli.out, err: cli.err };
}

describe('the command line', () => {
  test('shows its help when it is asked for nothing', async () => {
    const { code, out, err } = await run();
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^Examples:\n {2}sluice up /);
    assert.match(out, /Commands:\n {2}up /);
    assert.equal((await run('--help')).out, out);
  });

  test('shows its version for --version as well', async () => {
    assert.deepEqual(await run('--version'), await run('version'));
    assert.match((await run('-V', '--json')).out, /"schema":"sluice.version\/v1"/);
  });

  for (const [argv, message] of [
    [['sttaus'], /^sluice: unknown command 'sttaus'\n\(Did you mean status\?\)\n$/],
    [['up', '--prot', '1'], /^sluice: unknown option '--prot'\n\(Did you mean --port\?\)\n\(see: sluice help up\)\n$/],
    [['status', 'extra'], /^sluice: too many arguments for 'status'/],
    [['config', 'explain', '--nope'], /\(see: sluice help config explain\)\n$/],
    [['completion', 'tcsh'], /^sluice: .*Allowed choices are bash, zsh, fish/],
    [['--nope'], /^sluice: unknown option '--nope'/],
  ] as const) {
    test(`says what is wrong with "${argv.join(' ')}" and ends with 2`, async () => {
      const { code, out, err } = await run(...argv);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
    });
  }

  test('gives what a command decides as its exit code', async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'sluice-main-'));
    t.after(() => rmSync(cwd, { recursive: true }));
    writeFileSync(join(cwd, 'sluice.yaml'), 'log: { levle: info }');
    assert.equal(await main(['config', 'validate'], new FakeCli({ cwd })), 3);
  });

  test('shows an error with its code and without a stack, and a broken config with its lines', async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'sluice-main-'));
    t.after(() => rmSync(cwd, { recursive: true }));
    const unknown = await run('help', 'nothing');
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /^sluice: There is no help on "nothing"\..* {3}\(usage\)\n$/);

    writeFileSync(join(cwd, 'sluice.yaml'), 'log: { levle: info }');
    const cli = new FakeCli({ cwd });
    assert.equal(await main(['up'], cli), 3);
    assert.match(cli.err, /^sluice\.yaml:1:8 {2}error {2}config_unknown_key/);
    assert.match(cli.err, /1 error, 0 warnings\n$/);
  });

  test('shows a stack for a fault of its own', async () => {
    const cli = new FakeCli();
    Object.defineProperty(cli, 'stdout', {
      value: new Proxy(cli.stdout, {
        get: (target, name, receiver) => {
          if (name === 'write') throw new TypeError('broken');
          return Reflect.get(target, name, receiver) as unknown;
        },
      }),
    });
    assert.equal(await main(['version'], cli), 1);
    assert.match(cli.err, /^sluice: TypeError: broken\n {4}at /);
  });

  test('ends quietly when whoever reads its output has seen enough', async () => {
    const cli = new FakeCli();
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    assert.equal(await main(['version'], { stdout: closed, stderr: cli.stderr, env: {} }), 0);
    await new Promise(setImmediate);
    assert.equal(cli.err, '');
  });
});
