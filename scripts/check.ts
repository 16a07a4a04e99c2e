// npm run check: everything about the tree that can be judged without running the program.
// Rule: one line per step; only a step that fails shows its output.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagePackage } from './stage-package.ts';
import { runTool, type ToolResult } from './tool.ts';

interface Step {
  readonly name: string;
  readonly run: () => Promise<ToolResult>;
}

/** Most steps use several threads of their own: two at a time keep a small machine busy. */
const STEPS_AT_ONCE = 2;

const STEPS: readonly Step[] = [
  { name: 'architecture', run: () => runTool('node', ['--test', 'test/architecture/*.test.ts']) },
  { name: 'package', run: checkPackage },
  { name: 'dead code', run: () => runTool('knip', ['--no-progress']) },
  { name: 'types', run: () => runTool('tsc', ['-p', '.']) },
  { name: 'types of the dashboard', run: () => runTool('tsc', ['-p', 'dashboard']) },
  { name: 'lint', run: () => runTool('oxlint', ['--deny-warnings']) },
  { name: 'config docs', run: () => runTool('node', ['scripts/generate-config-docs.ts', '--check']) },
  { name: 'error docs', run: () => runTool('node', ['scripts/generate-error-docs.ts', '--check']) },
  { name: 'command docs', run: () => runTool('node', ['scripts/generate-cli-docs.ts', '--check']) },
  // A lock file that lacks the packages of other systems installs here and fails there; newer versions of npm refuse it.
  { name: 'lock file', run: () => checkLock('.') },
  { name: 'lock file of the tests', run: () => checkLock('test/peers') },
  { name: 'format', run: () => runTool('oxfmt', ['--check']) },
];

/** Emits the package into a folder of its own and holds it against what Node and bundlers expect of one. */
async function checkPackage(): Promise<ToolResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  try {
    const staged = await stagePackage(folder);
    return staged.passed ? await runTool('publint', [folder, '--pack', 'false', '--strict']) : staged;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checkLock(folder: string): Promise<ToolResult> {
  return runTool('npm', ['ci', '--prefix', folder, '--dry-run', '--ignore-scripts', '--offline', '--loglevel=error']);
}

async function runStep({ name, run }: Step): Promise<boolean> {
  const startedAt = performance.now();
  const { passed, output } = await run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${passed ? '✔' : '✖'} ${name} (${seconds} s)`);
  if (!passed) console.log(`${output}\n`);
  return passed;
}

const waiting = [...STEPS];
let allPassed = true;

async function runWaitingSteps(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    allPassed = (await runStep(step)) && allPassed;
  }
}

await Promise.all(Array.from({ length: STEPS_AT_ONCE }, runWaitingSteps));
process.exitCode = allPassed ? 0 : 1;
