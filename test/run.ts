// npm test: installs what the tests need, runs all of them in random order, and holds the coverage against its floors.
// Rule: given paths (`npm test -- src/config`), only the tests under these run, and coverage is not judged.
//   npm test -- [PATH…] [--name PATTERN] [--seed N]
import { existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installNpmPeers, wantNpmPeers } from '../scripts/npm-peers.ts';
import { installPeers } from '../scripts/peers.ts';
import { judgeCoverage, type CoverageVerdict } from './support/coverage-gate.ts';

type RunOptions = NonNullable<Parameters<typeof run>[0]>;
type TestEvent = { readonly type: string; readonly data: unknown };

const ROOT = dirname(import.meta.dirname);
const EVERYTHING = ['src', 'test'];
/** A test that takes longer waits for something that does not come: all of them together take a few minutes. */
const TEST_TIMEOUT_MS = 240_000;
const WATCHDOG = pathToFileURL(join(import.meta.dirname, 'support', 'watchdog.ts')).href;

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
if (wantNpmPeers(files)) installNpmPeers();
let verdict: CoverageVerdict = { passed: !isWhole, lines: isWhole ? ['coverage could not be measured'] : [] };
const events = run(runOptions());
events.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
if (isWhole) {
  events.on('test:coverage', ({ summary }) => {
    verdict = judgeCoverage(summary.files, ROOT);
  });
}
await pipeline(events, selectEvents, new spec(), process.stdout, { end: false });
for (const line of verdict.lines) console.log(line);
if (!verdict.passed) process.exitCode = 1;

function runOptions(): RunOptions {
  const options: RunOptions & { coverageIncludeAll: boolean } = {
    cwd: ROOT,
    files,
    concurrency: availableParallelism(),
    timeout: TEST_TIMEOUT_MS,
    execArgv: ['--import', WATCHDOG],
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

/** The verdict takes the place of the long coverage table; where nobody watches, only tests that fail are shown. */
async function* selectEvents(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const leftOut = process.env['CI'] ? ['test:coverage', 'test:start', 'test:pass'] : ['test:coverage'];
  for await (const event of source) {
    if (!leftOut.includes(event.type)) yield event;
  }
}
