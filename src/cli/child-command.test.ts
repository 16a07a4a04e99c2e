import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { exitCodeOfSignal, runChild } from './child-command.ts';

function node(script: string, ...args: string[]) {
  return { command: process.execPath, args: ['-e', script, '--', ...args], env: process.env, cwd: process.cwd() };
}

describe('a command in our place', () => {
  test('gives its exit code, and gets its arguments as they are', async () => {
    assert.deepEqual(await runChild(node('process.exit(7)')), { exitCode: 7, fault: null });
    const odd = '$(exit 3); "a b" * ;';
    const script = `process.exit(process.argv[1] === ${JSON.stringify(odd)} ? 0 : 1)`;
    assert.equal((await runChild(node(script, odd))).exitCode, 0);
  });

  test('has the environment and the folder that it is given', async (t) => {
    const cwd = temporaryFolder(t);
    const script = 'require("fs").writeFileSync("out", process.env.HTTP_PROXY)';
    await runChild({ ...node(script), cwd, env: { ...process.env, HTTP_PROXY: 'http://p:1' } });
    assert.equal(readFileSync(join(cwd, 'out'), 'utf8'), 'http://p:1');
  });

  test('that is not there, or no program, is told with the code that shells give', async (t) => {
    const cwd = temporaryFolder(t);
    const absent = await runChild({ command: 'sluice-no-such-command', args: [], env: process.env, cwd });
    assert.deepEqual(absent, { exitCode: 127, fault: 'there is no such command' });
    const folder = await runChild({ command: cwd, args: [], env: process.env, cwd });
    assert.equal(folder.exitCode, 126);
    assert.throws(() => runChild({ command: '', args: [], env: {}, cwd }), { code: 'usage' });
  });

  test(
    'gets the signals that we get, and its own end by one is passed on',
    { skip: process.platform === 'win32' },
    async (t) => {
      const cwd = temporaryFolder(t);
      const before = process.listenerCount('SIGTERM');
      const script =
        'process.on("SIGTERM", () => process.exit(9)); require("fs").writeFileSync("ready", ""); setInterval(() => {}, 1000)';
      const end = runChild({ ...node(script), cwd });
      while (!existsSync(join(cwd, 'ready'))) await turn();
      process.emit('SIGTERM', 'SIGTERM');
      assert.deepEqual(await end, { exitCode: 9, fault: null });
      assert.equal(process.listenerCount('SIGTERM'), before);
      assert.equal((await runChild(node('process.kill(process.pid, "SIGKILL")'))).exitCode, 137);
    },
  );

  test('has an exit code for every way to end', () => {
    assert.deepEqual([exitCodeOfSignal('SIGTERM'), exitCodeOfSignal('SIGINT'), exitCodeOfSignal(null)], [143, 130, 1]);
  });
});
