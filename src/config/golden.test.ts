// Runs the golden files of test/golden/config: what is written above the line of dashes is loaded, and what comes out,
// the configuration or the exact text of its problems, stands below. UPDATE_GOLDEN=1 rewrites the lower part.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { testGoldenFiles } from '../../test/support/golden.ts';
import { formatProblems } from './format-problems.ts';
import { loadConfig, type LoadOptions } from './load.ts';
import type { FlagValue } from './overrides.ts';
import { ConfigError } from './problem.ts';

const GOLDEN_FOLDER = new URL('../../test/golden/config/', import.meta.url);

function linesOf(block: string | undefined): string[] {
  return (block ?? '').split('\n').filter((line) => line !== '');
}

function readEnv(block: string | undefined): Record<string, string> {
  return Object.fromEntries(
    linesOf(block).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function readOptions(block: string | undefined, files: readonly string[]): Omit<LoadOptions, 'env' | 'cwd'> {
  const lines = linesOf(block).map((line) => line.split(' '));
  const named = lines.find(([word]) => word === 'files')?.slice(1);
  const profile = lines.find(([word]) => word === 'profile')?.[1];
  const overrides = lines
    .filter(([word]) => word === 'flag')
    .map(([, flag, path, ...value]): FlagValue => ({ flag: flag!, path: path!, value: value.join(' ') }));
  const ignoreAvailability = lines.some(([word]) => word === 'ignore-availability');
  return {
    files: named ?? files.slice(0, 1),
    overrides,
    ignoreAvailability,
    ...(profile !== undefined && { profile }),
  };
}

/** Keys whose value is another one than by default; lists stand whole. */
function differences(value: unknown, fallback: unknown): unknown {
  if (!isMap(value) || !isMap(fallback)) return value;
  const changed = Object.entries(value).filter(([key, item]) => !isDeepStrictEqual(item, fallback[key]));
  return Object.fromEntries(changed.map(([key, item]) => [key, differences(item, fallback[key])]));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function outcome(blocks: ReadonlyMap<string, string>, folder: string): Promise<string> {
  const files = [...blocks.keys()].filter((name) => name !== 'env' && name !== 'options');
  for (const name of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), blocks.get(name)!);
  }
  const options = readOptions(blocks.get('options'), files);
  const env = { HOME: join(folder, 'home'), ...readEnv(blocks.get('env')) };
  const base = { cwd: folder, env: { HOME: env.HOME }, files: [] };
  try {
    const loaded = await loadConfig({ ...options, env, cwd: folder });
    const shown =
      options.files.length === 0 ? loaded.config : differences(loaded.config, (await loadConfig(base)).config);
    const warnings = loaded.warnings.length === 0 ? '' : formatProblems(loaded.warnings, { color: false });
    return `${JSON.stringify(shown, null, 2)}\n${warnings}`;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return formatProblems(error.problems, { color: false });
  }
}

describe('golden configurations', () => {
  testGoldenFiles(GOLDEN_FOLDER, outcome);

  test('there are enough of them to mean something', () => {
    assert.ok(readdirSync(GOLDEN_FOLDER).length >= 30);
  });
});
