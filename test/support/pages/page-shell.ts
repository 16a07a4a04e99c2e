// The shell that a reader of a page types into: one for a section, so that what is exported or evaluated in it stays. Rule: nothing is
// waited for without a bound, and at the end whatever was started here is stopped as Ctrl-C does it, then killed.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

export interface StepEnd {
  readonly code: number;
  /** As a terminal shows it: both streams as they come. */
  readonly output: string;
}

/** Something that goes on until it is stopped: a server, or a list that is followed. */
export interface RunningStep {
  readonly text: string;
  readonly output: () => string;
  /** Resolves as soon as the output fits; fails when it ends before. */
  readonly says: (pattern: RegExp) => Promise<void>;
  /** By Ctrl-C. */
  readonly stop: () => Promise<StepEnd>;
  /** When it ends by itself. */
  readonly over: () => Promise<StepEnd>;
}

/** A step takes a second; the real Claude Code, on a busy machine, several. */
const BOUND_MS = 40_000;
const POLL_MS = 15;

export class PageShell {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #steps = 0;
  #told = '';

  constructor(folder: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
    this.#folder = folder;
    // With job control, as in a terminal: what runs in the background hears Ctrl-C.
    this.#child = spawn('bash', ['--norc', '-s'], { ...options, stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    this.#type('set -m');
    (this.#child.stdio[3] as Readable).setEncoding('utf8').on('data', (text: string) => (this.#told += text));
  }

  async run(text: string): Promise<StepEnd> {
    const { number, script, out } = this.#prepare(text);
    this.#type(`. ${script} >${out} 2>&1 </dev/null; echo "end ${number} $?" >&3`);
    const [, code = ''] = await this.#hears(new RegExp(`^end ${number} (\\d+)$`, 'm'), text, () => readOutput(out));
    return { code: Number(code), output: readOutput(out) };
  }

  async start(text: string): Promise<RunningStep> {
    const { number, script, out } = this.#prepare(text);
    this.#type(`( . ${script} ) >${out} 2>&1 </dev/null & echo "pid ${number} $!" >&3`);
    const [, pid = ''] = await this.#hears(new RegExp(`^pid ${number} (\\d+)$`, 'm'), text, () => readOutput(out));
    const output = (): string => readOutput(out);
    const isOver = (): boolean =>
      !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    const says = async (pattern: RegExp): Promise<void> => {
      const givenUpAt = performance.now() + BOUND_MS;
      while (!pattern.test(output())) {
        assert.ok(!isOver(), `${text}\nended without saying ${String(pattern)}:\n${output()}`);
        assert.ok(performance.now() < givenUpAt, `${text}\nnever said ${String(pattern)}:\n${output()}`);
        await pause(POLL_MS);
      }
    };
    const over = async (): Promise<StepEnd> => {
      this.#type(`wait ${pid} 2>/dev/null; echo "over ${number} $?" >&3`);
      const [, code = ''] = await this.#hears(new RegExp(`^over ${number} (\\d+)$`, 'm'), `the end of ${text}`, output);
      return { code: Number(code), output: output() };
    };
    const stop = (): Promise<StepEnd> => {
      this.#type(`kill -INT -- -${pid} 2>/dev/null`);
      return over();
    };
    return { text, output, says, stop, over };
  }

  /** Nothing of it is left afterwards but what has hidden from its shell. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#type('for job in $(jobs -p); do kill -KILL -- -$job; done 2>/dev/null; exit');
    const bound = setTimeout(() => this.#child.kill('SIGKILL'), BOUND_MS);
    await ended;
    clearTimeout(bound);
  }

  #prepare(text: string): { number: number; script: string; out: string } {
    const number = (this.#steps += 1);
    const script = join(this.#folder, `step-${number}.sh`);
    writeFileSync(script, `${text}\n`);
    return { number, script, out: join(this.#folder, `step-${number}.out`) };
  }

  #type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async #hears(pattern: RegExp, text: string, output: () => string): Promise<RegExpExecArray> {
    const givenUpAt = performance.now() + BOUND_MS;
    for (;;) {
      const found = pattern.exec(this.#told);
      if (found !== null) return found;
      assert.ok(performance.now() < givenUpAt, `does not end: ${text}\n${output()}`);
      await pause(POLL_MS);
    }
  }
}

function readOutput(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
