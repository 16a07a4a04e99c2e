import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { findConfigFiles } from './config-files.ts';

describe('the config files of a command', () => {
  test('are those of the command line, else of the environment, else the first usual name, else none', (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'sluice-files-'));
    t.after(() => rmSync(cwd, { recursive: true }));
    assert.deepEqual(findConfigFiles({ env: {}, cwd }, []), []);
    for (const name of ['sluice.toml', 'sluice.json']) writeFileSync(join(cwd, name), '');
    assert.deepEqual(findConfigFiles({ env: {}, cwd }, []), ['sluice.toml']);
    const env = { SLUICE_CONFIG: ['a.yaml', 'b.yaml'].join(delimiter) };
    assert.deepEqual(findConfigFiles({ env, cwd }, []), ['a.yaml', 'b.yaml']);
    assert.deepEqual(findConfigFiles({ env, cwd }, ['c.yaml']), ['c.yaml']);
  });
});
