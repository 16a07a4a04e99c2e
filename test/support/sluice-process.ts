// The real program, started as a user starts it: bin/sluice with a folder of its own, doors on free ports, nothing of the
// environment that could change what it does. Rule: whatever is started here has ended when the test has.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { findRunningFile } from '../../src/runtime/running-file.ts';

const BIN = fileURLToPath(new URL('../../bin/sluice', import.meta.url));
const NEVER_INHERITED =
  /^(?:SLUICE|PROXY|LOG|CACHE|RATE_LIMIT|CLI|RETUNNEL|CLAUDE|DEFAULT_BACKEND|NO_COLOR|FORCE_COLOR|CLICOLOR)/;

export interface SluiceOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files by name, put into the folder before the start: { 'sluice.yaml': '…' }. */
  readonly files?: Readonly<Record<string, string>>;
  /** What starts it, by becoming it in the end. */
  readonly through?: readonly string[];
  /** A folder that is there already, for a second program beside the first. */
  readonly folder?: string;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Any command of the program, running. */
export class SluiceProcess {
  readonly folder: string;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(t: TestContext, options: SluiceOptions) {
    this.folder = options.folder ?? temporaryFolder(t);
    for (const [name, content] of Object.entries(options.files ?? {})) this.write(name, content);
    const command = [...(options.through ?? []), process.execPath, BIN, ...(options.args ?? ['up'])];
    this.#child = spawn(command[0] ?? '', command.slice(1), {
      cwd: this.folder,
      env: { ...cleanEnvironment(this.folder), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear({ stdout: text }));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear({ stderr: text }));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal });
        this.#hear({});
      });
    });
    t.after(async () => {
      if (this.isRunning) this.#child.kill('SIGKILL');
      await this.ended;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when what was written so far fits; fails when the program ends before. */
  async says(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    while (!pattern.test(this[stream])) {
      assert.ok(this.isRunning, `ended without saying ${String(pattern)}\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** The lines of the log whose message this is. */
  logged(message: string): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['message'] === message);
  }

  /** Where a door really listens. */
  address(door: string): string {
    return this.addresses(door)[0] ?? assert.fail(`no door ${door}`);
  }

  /** All that a door has, in the order of the configuration. */
  addresses(door: string): string[] {
    const doors = findRunningFile(this.dataDir)?.doors ?? [];
    return doors.filter(({ name }) => name === door).map(({ address }) => address);
  }

  /** The admin token that the program has made. */
  get token(): string {
    return readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** A request to the admin API, with the token. */
  admin(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.address('admin')}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${this.token}`, ...Object(init.headers) },
    });
  }

  #hear(text: { stdout?: string; stderr?: string }): void {
    this.stdout += text.stdout ?? '';
    this.stderr += text.stderr ?? '';
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** `sluice up`, when its doors are open. */
export async function startSluice(t: TestContext, options: SluiceOptions = {}): Promise<SluiceProcess> {
  const sluice = new SluiceProcess(t, options);
  await sluice.says(/ready in \d+ ms[\s\S]*\n\n$/, 'stderr');
  return sluice;
}

/** A command that ends by itself. */
export async function runSluice(
  t: TestContext,
  args: readonly string[],
  options: SluiceOptions = {},
): Promise<SluiceProcess & Ending> {
  const sluice = new SluiceProcess(t, { ...options, args });
  return Object.assign(sluice, await sluice.ended);
}

function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function cleanEnvironment(folder: string): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !NEVER_INHERITED.test(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: folder,
    // Compiled once for all tests, not anew in each folder.
    NODE_COMPILE_CACHE: join(tmpdir(), 'sluice-e2e-compile-cache'),
    SLUICE_PROCESS__DATA_DIR: join(folder, 'data'),
    SLUICE_GATEWAY__LISTEN: '127.0.0.1:0',
    SLUICE_EGRESS__LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN__LISTEN: '127.0.0.1:0',
    SLUICE_METRICS__LISTEN: '127.0.0.1:0',
  };
}
