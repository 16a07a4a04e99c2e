// Builds the program as one file that needs no Node beside it: everything bundled, its helpers and pages inside, on the Node that builds it, or on
// one of the same version for another system. Rule: it does what the package does; what that reads from files beside its code lies in this one under
// the names of program-parts.ts.
//   node scripts/build-executable.ts [FILE] [NODE]
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
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

export async function buildExecutable(file: string, node?: string): Promise<ToolResult> {
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
    writeFileSync(
      config,
      JSON.stringify({ ...seaConfig(folder, resolve(file)), ...(node !== undefined && { executable: resolve(node) }) }),
    );
    mkdirSync(dirname(resolve(file)), { recursive: true });
    const built = await runTool('node', ['--build-sea', config]);
    if (built.passed) forgetSignature(resolve(file));
    return built;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PE_MAGIC = 'PE\0\0';
const PE_64 = 0x20b;

/** That of Node holds no longer for a program of Windows: where it stood is something else now, and it is better unsigned than signed wrongly. */
export function forgetSignature(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    const head = Buffer.alloc(4096);
    readSync(descriptor, head, 0, head.length, 0);
    const at = head.readUInt32LE(0x3c);
    if (head.toString('latin1', 0, 2) !== 'MZ' || at > head.length - 256) return;
    if (head.toString('latin1', at, at + 4) !== PE_MAGIC) return;
    const optional = at + 24;
    const directories = optional + (head.readUInt16LE(optional) === PE_64 ? 112 : 96);
    // The fifth of them says where the signature is, and how long.
    writeSync(descriptor, Buffer.alloc(8), 0, 8, directories + 4 * 8);
  } finally {
    closeSync(descriptor);
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
  const { passed, output } = await buildExecutable(process.argv[2] ?? DEFAULT_FILE, process.argv[3]);
  if (output !== '') console.error(output);
  process.exitCode = passed ? 0 : 1;
}
