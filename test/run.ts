// npm test: installs what the tests need, runs all of them in random order, and holds the coverage against its floors.
// A file that fails among all the others gets a second try alone: see docs/decisions/0009.
// Rule: given paths (`npm test -- src/config`), only the tests under these run, and coverage is not judged.
//   npm test -- [PATH…] [--name PATTERN] [--seed N]
import { randomUUID } from 'node:crypto';
import { existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installNpmPeers, wantNpmPeers } from '../scripts/npm-peers.ts';
import { installPeers } from '../scripts/peers.ts';
import { judgeCoverage, type CoverageVerdict } from './support/coverage-gate.ts';
import { endRunProcesses, RUN_MARK } from './support/run-processes.ts';

type RunOptions = NonNullable<Parameters<typeof run>[0]>;
type TestEvent = { readonly type: string; readonly data: unknown };

const ROOT = dirname(import.meta.dirname);
const EVERYTHING = ['src', 'dashboard', 'test'];
/** A test that takes longer waits for something that does not come: all of them together take a few minutes. */
const TEST_TIMEOUT_MS = 240_000;
/** No test passes or fails for so long only when one hangs that cannot even be timed out. */
const STALL_MS = 360_000;
/** The end of a command names what it was about. */
const SHOWN_COMMAND = 160;
/** More failures than this are not chance. */
const SECOND_TRIES = 6;
const PRELOAD = ['--import', pathToFileURL(join(import.meta.dirname, 'support', 'watchdog.ts')).href];

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
const failed = await runFiles(files, optionsOfAll());
const failedTwice = isWhole ? await tryAgain(failed) : failed;
for (const line of verdict.lines) console.log(line);
process.exitCode = failedTwice.length > 0 || !verdict.passed ? 1 : 0;

/** Runs and reports them; returns the files in which something failed. */
async function runFiles(chosen: readonly string[], options: RunOptions): Promise<string[]> {
  const files = new Set<string>();
  const mark = randomUUID();
  const events = run({ ...options, files: chosen, env: { ...process.env, [RUN_MARK]: mark } });
  const stall = watchForStall(mark);
  events.on('test:fail', ({ todo, file }) => {
    if (todo === undefined || todo === false) files.add(file ?? '');
  });
  events.on('test:coverage', ({ summary }) => {
    verdict = judgeCoverage(summary.files, ROOT);
  });
  await pipeline(events, (source) => selectEvents(source, stall), new spec(), process.stdout, { end: false });
  clearInterval(stall);
  return [...files];
}

async function tryAgain(failed: readonly string[]): Promise<readonly string[]> {
  const first = failed.map((file) => relative(ROOT, file));
  if (failed.length === 0 || failed.length > SECOND_TRIES || failed.includes('')) return failed;
  console.log(`\nA second try, alone: ${first.join(', ')}`);
  const failedTwice = await runFiles(failed, {
    cwd: ROOT,
    concurrency: 1,
    timeout: TEST_TIMEOUT_MS,
    execArgv: PRELOAD,
  });
  if (failedTwice.length === 0) console.log(`UNSTEADY, failed among others and passed alone: ${first.join(', ')}`);
  return failedTwice;
}

/** The runner waits for a file for ever when the file is blocked, or when what it has started holds its output open. */
function watchForStall(mark: string): NodeJS.Timeout {
  return setInterval(() => {
    const ended = endRunProcesses(mark).map(({ pid, command }) => `\n  ${pid} …${command.slice(-SHOWN_COMMAND)}`);
    console.log(`Nothing has happened for ${STALL_MS / 1000} s. Ended now:${ended.join('')}`);
    if (ended.length === 0) process.exit(1);
  }, STALL_MS);
}

function optionsOfAll(): RunOptions {
  const options: RunOptions & { coverageIncludeAll: boolean } = {
    cwd: ROOT,
    concurrency: availableParallelism(),
    timeout: TEST_TIMEOUT_MS,
    execArgv: PRELOAD,
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
async function* selectEvents(source: AsyncIterable<TestEvent>, stall: NodeJS.Timeout): AsyncGenerator<TestEvent> {
  const leftOut = process.env['CI'] ? ['test:coverage', 'test:start', 'test:pass'] : ['test:coverage'];
  for await (const event of source) {
    stall.refresh();
    if (!leftOut.includes(event.type)) yield event;
  }
}
