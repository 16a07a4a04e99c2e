// npm test: installs what the tests need, runs all of them in random order, and holds the coverage against its floors.
// Rule: given paths (`npm test -- src/config`), only the tests under these run, and coverage is not judged.
//   npm test -- [PATH…] [--name PATTERN] [--seed N]
import { existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { installPeers } from '../scripts/peers.ts';
import { judgeCoverage } from './support/coverage-gate.ts';

type RunOptions = NonNullable<Parameters<typeof run>[0]>;
type TestEvent = { readonly type: string; readonly data: unknown };

const ROOT = dirname(import.meta.dirname);
const EVERYTHING = ['src', 'test'];
/** A file that takes longer hangs: all of them together take a few minutes. */
const FILE_TIMEOUT_MS = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, seed: { type: 'string' } },
});
const isWhole = positionals.length === 0 && values.name === undefined;
const files = (positionals.length === 0 ? EVERYTHING : positionals).flatMap(findTests);
if (files.length === 0) {
  console.error(`no tests in ${positionals.join(', ')}`);
  process.exit(1);
}

installPeers();
const events = run(runOptions());
events.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
if (isWhole) {
  events.on('test:coverage', ({ summary }) => {
    const verdict = judgeCoverage(summary.files, ROOT);
    if (!verdict.passed) process.exitCode = 1;
    process.once('exit', () => console.log(verdict.lines.join('\n')));
  });
}
events.compose(selectEvents).compose(new spec()).pipe(process.stdout);

function runOptions(): RunOptions {
  const options: RunOptions & { coverageIncludeAll: boolean } = {
    cwd: ROOT,
    files,
    concurrency: availableParallelism(),
    timeout: FILE_TIMEOUT_MS,
    coverage: isWhole,
    coverageIncludeAll: true,
    coverageIncludeGlobs: ['src/**/*.ts'],
    coverageExcludeGlobs: ['**/*.test.ts'],
  };
  if (values.seed === undefined) options.randomize = true;
  else options.randomSeed = Number(values.seed);
  if (values.name !== undefined) options.testNamePatterns = values.name;
  return options;
}

function findTests(path: string): string[] {
  const absolute = resolve(ROOT, path);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [absolute];
  return globSync('**/*.test.ts', { cwd: absolute }).map((file) => join(absolute, file));
}

/** The verdict takes the place of the long coverage table; where nobody watches, tests that pass are not listed. */
async function* selectEvents(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of source) {
    if (event.type === 'test:coverage') continue;
    if (event.type === 'test:pass' && process.env['CI']) continue;
    yield event;
  }
}
