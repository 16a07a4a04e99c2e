// Claude Code and Codex as somebody starts them, for a test: each with a home of its own, nothing of our environment, stdin closed, and
// nobody to talk to but who the test names. Rule: when the test has ended, neither it nor any process that it has started is left.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

/** A line of its output. */
export type CliEvent = Readonly<Record<string, unknown>>;

export interface CliEnding {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A run takes a second or two. */
const NEVER_MS = 60_000;
/** Tools run in sessions of their own; what they inherit tells them. */
const MARK = 'SLUICE_TEST_RUN';

/** A folder that is `HOME`, with a place for temporary files and one to work in. */
export function cliHome(t: TestContext): string {
  const home = temporaryFolder(t);
  for (const name of ['tmp', 'work', '.codex', '.claude']) mkdirSync(join(home, name), { mode: 0o700 });
  return home;
}

export interface CliStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class RealCli {
  readonly events: CliEvent[] = [];
  readonly ended: Promise<CliEnding>;
  stderr = '';
  readonly #child: ChildProcess;
  readonly #mark = randomUUID();
  #rest = '';
  #wake = Promise.withResolvers<void>();
  #isOver = false;

  constructor(t: TestContext, { command, args, home, env = {} }: CliStart) {
    this.#child = spawn(command, args, {
      cwd: join(home, 'work'),
      env: { PATH: '/usr/bin:/bin', HOME: home, TMPDIR: join(home, 'tmp'), [MARK]: this.#mark, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    const bound = setTimeout(() => this.signal('SIGKILL'), NEVER_MS);
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        clearTimeout(bound);
        // A tool that lives on may hold the output open for as long as it likes.
        sweep(this.#mark);
        this.#child.once('close', () => this.#end(resolve, { code, signal }));
      });
      this.#child.once('error', (error) => {
        clearTimeout(bound);
        this.stderr += error.message;
        this.#end(resolve, { code: null, signal: null });
      });
    });
    t.after(async () => {
      this.signal('SIGKILL');
      await this.ended;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
  }

  /** The first event that fits; fails when the program ends without it. */
  async says(fits: (event: CliEvent) => boolean, what: string): Promise<CliEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      assert.ok(!this.#isOver, `ended without ${what}\n${JSON.stringify(this.events, null, 1)}\n${this.stderr}`);
      await this.#wake.promise;
    }
  }

  /** The last event of that type, when it has ended. */
  async last(type: string): Promise<CliEvent> {
    await this.ended;
    const found = this.events.findLast((event) => event['type'] === type);
    return found ?? assert.fail(`no ${type}\n${JSON.stringify(this.events, null, 1)}\n${this.stderr}`);
  }

  #end(tell: (ending: CliEnding) => void, ending: CliEnding): void {
    this.#isOver = true;
    this.#wake.resolve();
    tell(ending);
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines.filter((each) => each.startsWith('{'))) this.events.push(JSON.parse(line) as CliEvent);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

export interface ClaudeStart {
  readonly home: string;
  readonly prompt: string;
  /** How it says who it is: `ANTHROPIC_AUTH_TOKEN`, or a login in its home. */
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** `claude -p`, which tells what happens line by line. */
export function startClaude(t: TestContext, command: string, { home, prompt, env, args = [] }: ClaudeStart): RealCli {
  const quiet = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' };
  const shape = ['--output-format', 'stream-json', '--verbose'];
  return new RealCli(t, { command, home, args: [...shape, ...args, '-p', '--', prompt], env: { ...quiet, ...env } });
}

export interface CodexStart {
  readonly home: string;
  readonly prompt: string;
  /** What its `config.toml` says. */
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** `config.toml` of who comes with a token of the gateway, which stands in a variable. */
export function codexWithToken(url: string, variable: string): string {
  return `
model = "gpt-5.2"
model_provider = "sluice"
[model_providers.sluice]
name = "Sluice"
base_url = "${url}/chatgpt/v1"
env_key = "${variable}"
wire_api = "responses"
`;
}

/** Of who is logged in. What Codex asks about the account itself goes past the gateway, to the stand-in. */
export function codexWithLogin(url: string, standIn: string): string {
  return `
model = "gpt-5.2"
openai_base_url = "${url}/chatgpt/v1"
chatgpt_base_url = "${standIn}/backend-api/"
`;
}

const CODEX_QUIET = ['-c', 'analytics.enabled=false', '-c', 'check_for_update_on_startup=false'];
const CODEX_PLAIN = ['--disable', 'plugins', '--disable', 'apps', '--skip-git-repo-check', '--json'];

/** `codex exec`, which tells what happens line by line. */
export function startCodex(t: TestContext, command: string, start: CodexStart): RealCli {
  const { home, prompt, config, env = {}, args = [] } = start;
  const codexHome = join(home, '.codex');
  writeFileSync(join(codexHome, 'config.toml'), config);
  const all = ['exec', ...CODEX_PLAIN, ...CODEX_QUIET, ...args, '--', prompt];
  return new RealCli(t, { command, home, args: all, env: { CODEX_HOME: codexHome, ...env } });
}

/** Ends whatever has inherited the mark, until nothing has it any more. */
function sweep(mark: string): void {
  for (let found = carriersOf(mark); found.length > 0; found = carriersOf(mark)) {
    for (const pid of found) killQuietly(pid);
  }
}

function carriersOf(mark: string): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(`${MARK}=${mark}\0`)).map(Number);
}

/** That of a process that has ended, or is another user's, is empty. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
