// Writes docs/cli.md from the commands. `--check` writes nothing and fails when the file is stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { buildProgram } from '../src/cli/program.ts';
import { commandPage } from './command-page.ts';

const file = new URL('../docs/cli.md', import.meta.url);
const { stdout, stderr } = process;
const program = await buildProgram({ stdout, stderr, env: {}, cwd: '/', setExitCode: () => {} }, 'all');
const text = commandPage(program);

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('docs/cli.md is not what the commands say. Run: node scripts/generate-cli-docs.ts');
  process.exitCode = 1;
}
