// Tools of others that a test runs to their end: what they say, and the numbers in it. Rule: a tool whose test ends first is ended
// with it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool at work, in a folder. */
export class RunningTool {
  readonly ended: Promise<ToolResult>;
  readonly #child: ChildProcess;

  constructor(t: TestContext, [command = '', ...args]: readonly string[], cwd: string) {
    // A group of its own, so that what a script has started ends with it.
    this.#child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
    }
    this.ended = once(this.#child, 'close').then(([code]) => ({ ...said, code: code as number | null }));
    t.after(() => this.stop());
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (this.isRunning) process.kill(-this.#child.pid!, 'SIGKILL');
    await this.ended;
  }
}

export function runTool(t: TestContext, command: readonly string[], cwd: string): Promise<ToolResult> {
  return new RunningTool(t, command, cwd).ended;
}

/** The number that the pattern catches in what a tool has said. */
export function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? assert.fail(`${String(pattern)} fits nothing in:\n${text}`));
}

/** Answers that h2load has counted, after having checked that nothing went wrong: `2xx` is all of them. */
export function answersToH2load({ code, stdout, stderr }: ToolResult): number {
  assert.equal(code, 0, stderr);
  const total = numberIn(stdout, /requests: (\d+) total/);
  const summary = `${total} done, ${total} succeeded, 0 failed, 0 errored, 0 timeout`;
  assert.ok(stdout.includes(summary), stdout);
  assert.equal(numberIn(stdout, /status codes: (\d+) 2xx/), total, stdout);
  return total;
}
