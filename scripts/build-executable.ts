// Builds the program as one file that needs no Node beside it: everything bundled, its helpers and pages inside, on the Node that builds it.
// Rule: it does what the package does; what that reads from files beside its code lies in this one under the names of program-parts.ts.
//   node scripts/build-executable.ts [FILE]
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { runTool, type ToolResult } from './tool.ts';

const ROOT = dirname(import.meta.dirname);
const SOURCE = join(ROOT, 'src');
const DEFAULT_FILE = join(ROOT, 'dist', process.platform === 'win32' ? 'sluice.exe' : 'sluice');

/** The helpers are the same file, called by their name. */
const ENTRY = `
const helpers = {
  warden: () => import(${JSON.stringify(join(SOURCE, 'services/processes/warden.ts'))}),
  launcher: () => import(${JSON.stringify(join(SOURCE, 'services/processes/launcher.ts'))}),
};
const helper = process.env.SLUICE_HELPER === '1' ? helpers[process.argv[2]] : undefined;
if (helper !== undefined) {
  process.argv.splice(2, 1);
  void helper();
} else {
  void import(${JSON.stringify(join(SOURCE, 'cli/main.ts'))}).then(async ({ main }) => {
    process.exitCode = await main(process.argv.slice(2));
  });
}
`;

export async function buildExecutable(file: string): Promise<ToolResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-executable-'));
  try {
    const entry = join(folder, 'entry.mjs');
    writeFileSync(entry, ENTRY);
    await bundle(entry, folder, 'main');
    await bundle(join(SOURCE, 'runtime/threads/worker.ts'), folder, 'worker');
    const dashboard = join(folder, 'dashboard');
    const pages = await runTool('node', ['scripts/build-dashboard.js', dashboard]);
    if (!pages.passed) return pages;
    const config = join(folder, 'sea.json');
    writeFileSync(config, JSON.stringify(seaConfig(folder, resolve(file))));
    mkdirSync(dirname(resolve(file)), { recursive: true });
    return await runTool('node', ['--build-sea', config]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One file, also of what is loaded later. */
async function bundle(entry: string, folder: string, name: string): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['node-pty'] },
    build: {
      ssr: entry,
      outDir: join(folder, name),
      target: 'node24',
      emptyOutDir: true,
      rolldownOptions: { output: { format: 'cjs', codeSplitting: false, entryFileNames: `${name}.cjs` } },
    },
  });
}

function seaConfig(folder: string, output: string): object {
  const dashboard = join(folder, 'dashboard');
  const files = readdirSync(dashboard, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const pages = files.map(({ parentPath, name }): [string, string] => {
    const path = join(parentPath, name);
    return [`dashboard/${path.slice(dashboard.length + 1).replaceAll('\\', '/')}`, path];
  });
  return {
    main: join(folder, 'main', 'main.cjs'),
    output,
    disableExperimentalSEAWarning: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    assets: {
      ...Object.fromEntries(pages),
      worker: join(folder, 'worker', 'worker.cjs'),
      'package.json': join(ROOT, 'package.json'),
      'docs/errors.md': join(ROOT, 'docs', 'errors.md'),
    },
  };
}

if (import.meta.main) {
  const { passed, output } = await buildExecutable(process.argv[2] ?? DEFAULT_FILE);
  if (output !== '') console.error(output);
  process.exitCode = passed ? 0 : 1;
}
