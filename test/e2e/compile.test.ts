// What is done once after an install, so that the first start is as quick as the second.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the first command finds everything compiled', (t) => {
  const home = temporaryFolder(t);
  const { NODE_COMPILE_CACHE: _cache, ...inherited } = process.env;
  // Where coverage is measured nothing is kept, and Node hands the variable down to whoever has none of its own.
  const env = { ...inherited, NODE_V8_COVERAGE: '', HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  const run = (...args: readonly string[]): void => {
    // As after an install: nobody speaks to it, and it has to come to an end by itself.
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: home,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    assert.equal(status, 0, stderr);
  };
  const compiled = (): string[] => globSync('cache/sluice/compile/**/*', { cwd: home }).toSorted();
  run(join(ROOT, 'scripts', 'compile.ts'));
  const before = compiled();
  assert.ok(before.length > 100, 'hardly anything is compiled');
  run(join(ROOT, 'bin', 'sluice'), 'config', 'show');
  // The launcher itself is no module of the program.
  assert.ok(compiled().length <= before.length + 1, 'something had to be compiled');
});
