// The peers that come from npm: test/peers pins them. They are far larger than the project, so that they are no dependencies of it.
// Rule: installed as a whole into a folder named for its lock file, and put there in one step: what is there is complete.
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export type NpmPeerName = 'claude' | 'codex' | 'node-pty' | 'vite';

const ROOT = dirname(import.meta.dirname);
const PINNED = join(ROOT, 'test', 'peers');
const PINNED_FILES = ['package.json', 'package-lock.json', '.npmrc'];
/** Below node_modules, where no tool looks for the project's own files. */
const SHELF = join(ROOT, 'node_modules', '.cache', 'test-peers');

interface NpmPeer {
  /** What is missing where it is missing. */
  readonly npmPackage: string;
  /** Below node_modules. Of a program the native binary, which stands in a package for the system: nobody stands before it. */
  readonly pattern: string;
}

const NPM_PEERS: Readonly<Record<NpmPeerName, NpmPeer>> = {
  claude: { npmPackage: '@anthropic-ai/claude-code', pattern: '@anthropic-ai/claude-code-*/claude{,.exe}' },
  codex: { npmPackage: '@openai/codex', pattern: '@openai/codex-*/vendor/*/bin/codex{,.exe}' },
  // It is compiled when it is installed, which takes a compiler and the headers of Node; without them it is left out.
  'node-pty': { npmPackage: 'node-pty', pattern: 'node-pty' },
  vite: { npmPackage: 'vite', pattern: 'vite' },
};

export function isNpmPeer(name: string): name is NpmPeerName {
  return name in NPM_PEERS;
}

/** The package of npm that brings a peer. */
export function npmPackageOf(name: NpmPeerName): string {
  return NPM_PEERS[name].npmPackage;
}

/** The path of the program, or the folder of the library. */
export function findNpmPeer(name: NpmPeerName): string | undefined {
  const folder = join(shelved(), 'node_modules');
  const [path] = globSync(NPM_PEERS[name].pattern, { cwd: folder });
  return path === undefined ? undefined : join(folder, path);
}

/** Whether one of these tests asks for a peer from npm. */
export function wantNpmPeers(testFiles: readonly string[]): boolean {
  const asks = new RegExp(`requirePeer\\(\\w+, '(?:${Object.keys(NPM_PEERS).join('|')})'\\)`);
  return testFiles.some((file) => asks.test(readFileSync(file, 'utf8')));
}

/** Installs all of them, unless that has been done; where it fails, npm says why, and the tests say what they miss. */
export function installNpmPeers(): void {
  const place = shelved();
  if (existsSync(place)) return;
  mkdirSync(SHELF, { recursive: true });
  removeAbandoned();
  say('installing the programs of npm that the tests talk to (npm ci in test/peers); this happens once');
  // npm does not take the lock file for its own where a link leads to it.
  const draft = join(realpathSync(SHELF), `${basename(place)}.${process.pid}`);
  mkdirSync(draft);
  for (const file of PINNED_FILES) copyFileSync(join(PINNED, file), join(draft, file));
  try {
    if (npmCi(draft)) putInPlace(draft, place);
    else say('npm ci failed: its own words stand above. Tests that need what it brings are skipped');
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function shelved(): string {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of PINNED_FILES) hash.update(readFileSync(join(PINNED, file)));
  return join(SHELF, hash.digest('hex').slice(0, 16));
}

/** Of two that install at once the second finds the place taken, by the same. */
function putInPlace(draft: string, place: string): void {
  try {
    renameSync(draft, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

/** What an installation that was cut short has left. */
function removeAbandoned(): void {
  for (const name of readdirSync(SHELF)) {
    const [, pid] = name.split('.');
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(SHELF, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function npmCi(folder: string): boolean {
  const args = ['ci', '--prefix', folder, '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const options: SpawnSyncOptions = { cwd: folder, stdio: ['ignore', 2, 2], env: { ...process.env, ...withHeaders() } };
  const cli = process.env['npm_execpath'] ?? '';
  const { status } = cli.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [cli, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return status === 0;
}

/** The headers of a Node of the system spare a download; what is compiled here fits any Node. */
function withHeaders(): Record<string, string> {
  const { npm_config_nodedir: chosen, npm_node_execpath: node } = process.env;
  if (chosen !== undefined || node === undefined) return {};
  const prefix = dirname(dirname(node));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

function say(sentence: string): void {
  process.stderr.write(`sluice: ${sentence}\n`);
}
