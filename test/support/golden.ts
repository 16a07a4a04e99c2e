// Golden files: above a line of dashes stands what is given, in blocks that begin with `=== name`; below it what comes of that.
// UPDATE_GOLDEN=1 rewrites the lower part.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const DASHES = '-'.repeat(80);

/** What comes of the blocks of a file, in an empty folder. */
export type Outcome = (blocks: ReadonlyMap<string, string>, folder: string) => Promise<string>;

function readBlocks(input: string): ReadonlyMap<string, string> {
  const parts = input.split(/^=== (.+)\n/m).slice(1);
  const blocks = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) blocks.set(parts[index]!, parts[index + 1]!);
  return blocks;
}

/** One test for each file of the folder. */
export function testGoldenFiles(goldenFolder: URL, outcome: Outcome): void {
  for (const name of readdirSync(goldenFolder).filter((file) => file.endsWith('.txt'))) {
    test(name.replace('.txt', '').replaceAll('-', ' '), async () => {
      const file = new URL(name, goldenFolder);
      const [input = '', expected] = readFileSync(file, 'utf8').split(`\n${DASHES}\n`);
      const folder = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
      try {
        const actual = (await outcome(readBlocks(`${input}\n`), folder)).replaceAll(folder, '<folder>');
        if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${input}\n${DASHES}\n${actual}`);
        else assert.equal(actual, expected);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}
