// Builds the dashboard for browsers from dashboard/: bundled, in pieces, each with copies compressed already. Rule: plain JavaScript, for every script
// asks here on any Node whether it has to be built anew; Vite is loaded only when it has to.
//   node scripts/build-dashboard.js [FOLDER]
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'dashboard');
const built = join(root, 'dist', 'dashboard');
const STAMP = '.stamp';
/** What is smaller gains nothing. */
const LEAST_COMPRESSED_BYTES = 512;

/** Whether what lies in dist/ was built from the sources that are here; where there are none there is nothing to build. */
export function isDashboardBuilt() {
  if (!existsSync(source)) return true;
  const file = join(built, STAMP);
  return existsSync(file) && readFileSync(file, 'utf8') === stamp();
}

/** Of the sources, and of the packages that they are built with. */
function stamp() {
  const hash = createHash('sha256');
  for (const file of [...filesIn(source), fileURLToPath(import.meta.url), join(root, 'package-lock.json')]) {
    hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** It appears in its place all at once: several starts may build at the same time. */
export async function buildDashboard(folder = built) {
  const wanted = stamp();
  mkdirSync(dirname(folder), { recursive: true });
  const aside = mkdtempSync(join(dirname(folder), '.dashboard-'));
  try {
    await bundle(aside);
    compress(aside);
    writeFileSync(join(aside, STAMP), wanted);
    chmodSync(aside, 0o755);
    const before = `${aside}-before`;
    if (existsSync(folder)) renameSync(folder, before);
    renameSync(aside, folder);
    rmSync(before, { recursive: true, force: true });
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function bundle(outDir) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: source,
    base: '/',
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The policy of the page allows no address but our own, also none that holds its content.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
}

function compress(folder) {
  for (const file of filesIn(folder)) {
    const bytes = readFileSync(file);
    if (bytes.length < LEAST_COMPRESSED_BYTES) continue;
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildDashboard(process.argv[2]);
}
