// Runs the golden files of test/golden/import: the files of a predecessor stand above the line of dashes; below it what
// is made of them, overlays and notes included, and whether that is valid. UPDATE_GOLDEN=1 rewrites the lower part.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { testGoldenFiles } from '../../../test/support/golden.ts';
import { formatProblems } from '../format-problems.ts';
import { ConfigError } from '../problem.ts';
import { checkImported } from './check-imported.ts';
import { importConfig, type ImportedDocument, type ImportOptions } from './import-config.ts';
import { importedYaml } from './imported-yaml.ts';
import { PREDECESSOR_NAMES } from './predecessor.ts';

const GOLDEN_FOLDER = new URL('../../../test/golden/import/', import.meta.url);

function optionsOf(blocks: ReadonlyMap<string, string>, folder: string): ImportOptions {
  const lines = (blocks.get('options') ?? '').split('\n').map((line) => line.split(' '));
  const named = lines.find(([word]) => word === 'files')?.slice(1);
  const from = PREDECESSOR_NAMES.find((name) => lines.some(([word, value]) => word === 'from' && value === name));
  const files = named ?? [...blocks.keys()].filter((name) => name !== 'options');
  return { files, cwd: folder, ...(from !== undefined && { from }) };
}

async function outcome(blocks: ReadonlyMap<string, string>, folder: string): Promise<string> {
  for (const [name, content] of blocks) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  try {
    const { predecessor, document, overlays, files, notes } = await importConfig(optionsOf(blocks, folder));
    return [
      importedYaml(document, `From ${files.join(', ')}, for ${predecessor.title}`),
      ...overlays.map((overlay) => importedYaml(overlay.document, `Profile ${overlay.profile}`)),
      ...notes.map(({ kind, key, text }) => `${kind}  ${key === '' ? '' : `${key}: `}${text}\n`),
      await verdict(document, folder),
    ].join('');
  } catch (error) {
    if (error instanceof ConfigError) return formatProblems(error.problems, { color: false });
    return `${String(error)}\n`;
  }
}

/** A certificate that is not on this machine is no fault of the import. */
async function verdict(document: ImportedDocument, folder: string): Promise<string> {
  assert.deepEqual(parse(importedYaml(document, '')) ?? {}, document, 'the text says what was meant');
  const problems = await checkImported(document, { cwd: folder, env: { HOME: folder } });
  const told = problems.filter(({ code }) => code !== 'config_unreadable');
  return told.length === 0 ? 'valid\n' : formatProblems(told, { color: false });
}

describe('golden imports', () => {
  testGoldenFiles(GOLDEN_FOLDER, outcome);

  test('there is one for every predecessor', () => {
    const names = readdirSync(GOLDEN_FOLDER).join(' ');
    for (const name of PREDECESSOR_NAMES) assert.ok(names.includes(name), name);
  });
});
