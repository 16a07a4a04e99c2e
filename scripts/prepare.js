// Brings a checkout to life: installs the locked dependencies, among them the Node that everything here runs on, and builds the dashboard.
// Rule: plain JavaScript for any Node from 18 on, with nothing installed; when all is in place it does nothing, and soon.
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDashboardBuilt } from './build-dashboard.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The Node that is pinned, once `prepare` has returned. */
export const nodeBinary = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
/** What npm puts first on PATH for its scripts. */
const nodeCommand = join(root, 'node_modules', '.bin', 'node');
const lockFile = join(root, '.prepare.lock');
const LOCK_POLL_MS = 200;
/** It takes a second or two. */
const COMPILE_LIMIT_MS = 60_000;
const DASHBOARD_LIMIT_MS = 60_000;

class PrepareError extends Error {}

/** Returns when the dependencies are installed as package-lock.json says; throws a PrepareError when they cannot be. */
function prepare() {
  requireInstalled();
  if (!isDashboardBuilt()) buildDashboard();
}

/** Without it everything runs all the same, and the admin door says what is missing. */
function buildDashboard() {
  const bound = { timeout: DASHBOARD_LIMIT_MS, killSignal: 'SIGKILL' };
  const program = join(root, 'scripts', 'build-dashboard.js');
  const { status } = spawnSync(nodeBinary, [program], { stdio: ['ignore', 2, 2], ...bound });
  if (status !== 0) say('the dashboard could not be built; everything else works');
}

function requireInstalled() {
  if (isInPlace()) return;
  takeLock();
  try {
    if (!isInPlace()) install();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

// npm notes what it has installed in a lock file of its own, written last: an install that was cut short is not taken for whole.
function isInPlace() {
  const wanted = readPackages('package-lock.json') ?? {};
  const installed = readPackages('node_modules/.package-lock.json');
  if (installed === undefined || !existsSync(nodeBinary) || !existsSync(nodeCommand)) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    // An optional package may be absent: it is for another system.
    return found === undefined ? optional === true : found.version === version;
  });
}

function readPackages(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

function install() {
  const startedAt = Date.now();
  say('installing the dependencies (npm ci); this happens once');
  // Without --include=dev, NODE_ENV=production would leave out the Node that everything runs on.
  const { status, signal } = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (signal !== null) throw new PrepareError(`npm ci was stopped by ${signal}`);
  if (status !== 0) throw new PrepareError('npm ci failed: its own words stand above');
  requireNode();
  // The first start is a quick one too; should this fail, or not come to an end, it only is not.
  const bound = { timeout: COMPILE_LIMIT_MS, killSignal: 'SIGKILL' };
  spawnSync(nodeBinary, [join(root, 'scripts', 'compile.ts')], { stdio: 'ignore', ...bound });
  say(`dependencies installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

function requireNode() {
  const wanted = `v${readPackages('package-lock.json')['node_modules/node'].version}`;
  if (installedNodeVersion() === wanted) return;
  // Where install scripts are held back (ignore-scripts), the package is there without its binary.
  npm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  const found = installedNodeVersion();
  if (found === wanted) return;
  throw new PrepareError(
    `Node ${wanted} could not be installed for ${process.platform}-${process.arch} (found: ${found})`,
  );
}

function installedNodeVersion() {
  if (!existsSync(nodeCommand)) return 'none';
  const { stdout, error } = spawnSync(nodeBinary, ['--version'], { encoding: 'utf8' });
  return error === undefined && stdout !== '' ? stdout.trim() : 'none that runs';
}

/** Output goes to stderr: stdout belongs to the program that is started afterwards. */
function npm(args) {
  const cli = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  if (cli?.endsWith('npm-cli.js')) return spawnSync(process.execPath, [cli, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

// The lock is a file that names the process that holds it. It is written aside and linked into place, so it is never seen empty.
function takeLock() {
  const mine = `${lockFile}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let waiting = false; !tryLink(mine); waiting = true) {
      if (removeStaleLock()) continue;
      if (!waiting) say('another start is installing the dependencies; waiting for it');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function tryLink(file) {
  try {
    linkSync(file, lockFile);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function removeStaleLock() {
  const holder = lockHolder(lockFile);
  if (holder === undefined || isRunning(holder)) return holder === undefined;
  // Moved aside and looked at again, for another waiter may have replaced the stale lock by its own a moment ago.
  const aside = `${lockFile}.${process.pid}.stale`;
  try {
    renameSync(lockFile, aside);
    if (lockHolder(aside) !== holder) tryLink(aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return true;
}

function lockHolder(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function say(sentence) {
  process.stderr.write(`sluice: ${sentence}\n`);
}

/** Runs as a step of its own, or before another program: says in one line what is wrong, and ends. */
export function prepareOrExit() {
  try {
    prepare();
  } catch (error) {
    say(error instanceof PrepareError ? error.message : `the dependencies could not be installed: ${error.message}`);
    process.exit(1);
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) prepareOrExit();
