// Every file in examples/ loads as it stands, without warnings, and says what it is for.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatProblems } from '../../src/config/format-problems.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { inspectPolicy } from '../../src/runtime/policy-modules/policy-modules.ts';
import { starterFile } from '../../src/config/starter-file.ts';

const FOLDER = fileURLToPath(new URL('../../examples/', import.meta.url));
const CONFIG_FILE = /\.(?:ya?ml|toml|json)$/;
/** `x.dev.yaml` is not a configuration of its own: it goes over `x.yaml`. */
const OVERLAY = /\.([a-z]+)\.(?:ya?ml|toml|json)$/;

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-examples-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What the examples ask of the environment. Whether a certificate is one is not for the configuration to say. */
function environment(folder: string): Record<string, string> {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  for (const file of [cert, key]) writeFileSync(file, '');
  return {
    HOME: folder,
    TLS_CERT: cert,
    TLS_KEY: key,
    ADMIN_TOKEN: 'a-token-that-is-long-enough',
    LINK_SECRET: '0123456789abcdef',
  };
}

async function assertLoads(file: string, env: Record<string, string>, profile?: string): Promise<void> {
  try {
    const { warnings } = await loadConfig({
      files: [file],
      env,
      cwd: FOLDER,
      inspectPolicy,
      ...(profile !== undefined && { profile }),
    });
    assert.equal(warnings.length, 0, formatProblems(warnings, { color: false }));
  } catch (error) {
    if (error instanceof ConfigError) assert.fail(formatProblems(error.problems, { color: false }));
    throw error;
  }
}

describe('examples', () => {
  const files = readdirSync(FOLDER).filter((file) => CONFIG_FILE.test(file));

  test('there are some', () => assert.ok(files.length >= 5));

  for (const file of files.filter((name) => !OVERLAY.test(name))) {
    test(`${file} loads without warnings`, (t) => assertLoads(file, environment(temporaryFolder(t))));
  }

  for (const file of files.filter((name) => OVERLAY.test(name))) {
    const profile = OVERLAY.exec(file)?.[1] ?? '';
    test(`${file} loads over its base`, (t) =>
      assertLoads(file.replace(`.${profile}.`, '.'), environment(temporaryFolder(t)), profile));
  }

  for (const file of files.filter((name) => !name.endsWith('.json'))) {
    test(`${file} begins with a comment that says what it is for`, () => {
      assert.match(readFileSync(join(FOLDER, file), 'utf8'), /^# [A-Z].*\n/);
    });
  }

  test('the file that "sluice config init" writes loads without warnings', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, starterFile('sluice.schema.json'));
    await assertLoads(file, environment(folder));
  });
});
