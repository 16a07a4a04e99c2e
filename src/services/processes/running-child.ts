// One program that runs: its input and output, its bounds, its end. Rule: the end is told once, and only when nothing of the run is
// left; whatever somebody does to it, nobody waits for ever.
import { type ChildProcess, spawn } from 'node:child_process';
import { SluiceError } from '../../core/errors.ts';
import { readPeakMemory, readProcess, RUN_MARK, type Traces } from './process-table.ts';
import type { EndReason, OutputName, RunEnd, RunEvents, RunningProcess, RunSpec } from './run-spec.ts';
import { signalIfThere } from './sweep.ts';
import type { Keeper } from './warden-link.ts';

/** Programs that have ended leave their output to be read; what still holds it open after that is not ours to wait for. */
const DRAIN_MS = 1000;
/** Within it the numbers of processes cannot come round. */
const YOUNG_MS = 3000;
/** The warden is busy, or not there. */
const WARDEN_MS = 1000;
const SAMPLE_MS = 250;
const OUTPUTS: readonly OutputName[] = ['stdout', 'stderr'];

/** What of a child process is made use of. */
export type Launched = Pick<ChildProcess, 'pid' | 'stdin' | 'stdout' | 'stderr' | 'on' | 'once'> & {
  /** Where it was seen before it could end. */
  readonly startTicks?: number;
};

/** Throws or says `error` when it cannot be started; has no pid until it says `spawn`, or from the beginning. */
export type Launch = (spec: RunSpec, env: Readonly<Record<string, string>>) => Launched;

export interface ChildParts {
  readonly events: RunEvents;
  readonly keeper: Keeper;
  /** Without a terminal, if nothing is said. */
  readonly launch?: Launch;
}

export class RunningChild implements RunningProcess {
  readonly id: string;
  readonly #spec: RunSpec;
  readonly #events: RunEvents;
  readonly #keeper: Keeper;
  readonly #startedAtMs = performance.now();
  readonly #paused = new Set<OutputName>();
  readonly #open = new Set<OutputName>(OUTPUTS);
  /** Those that are listened to: one that flows before that loses what it has. */
  readonly #heard: Partial<Record<OutputName, NonNullable<Launched[OutputName]>>> = {};
  #child: Launched | null = null;
  #traces: Traces;
  #exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  #reason: EndReason | null = null;
  #step = -1;
  #outputBytes = 0;
  #isDropping = false;
  #isTruncated = false;
  /** What the end waits for: the exit, the output, and that everything else is killed. */
  #sweeping: 'not yet' | 'asked' | 'done' = 'not yet';
  #isOver = false;
  #peakMemoryBytes: number | null = null;
  #timeout: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #stepTimer: NodeJS.Timeout | null = null;
  #drain: NodeJS.Timeout | null = null;
  #sampler: NodeJS.Timeout | null = null;

  constructor(id: string, spec: RunSpec, { events, keeper, launch = launchPlain }: ChildParts) {
    this.id = id;
    this.#spec = spec;
    this.#events = events;
    this.#keeper = keeper;
    this.#traces = { id, pid: 0, startTicks: 0 };
    keeper.begin(this.#traces);
    this.#start(launch);
  }

  get pid(): number {
    return this.#traces.pid;
  }

  write(bytes: Uint8Array): boolean {
    const input = this.#child?.stdin;
    if (!input?.writable) return true;
    return input.write(bytes);
  }

  endInput(): void {
    this.#child?.stdin?.end();
  }

  pause(output: OutputName): void {
    if (this.#isDropping) return;
    this.#paused.add(output);
    this.#heard[output]?.pause();
    this.#silence?.refresh();
  }

  resume(output: OutputName): void {
    if (!this.#paused.delete(output)) return;
    this.#silence?.refresh();
    this.#heard[output]?.resume();
  }

  dropOutput(): void {
    this.#isDropping = true;
    for (const output of OUTPUTS) this.resume(output);
  }

  stop(reason: EndReason): void {
    if (this.#reason !== null || this.#exit !== null) return;
    this.#reason = reason;
    if (this.pid > 0) this.#beginStop();
  }

  #beginStop(): void {
    this.#sample();
    const begin = (): void => {
      if (this.#step === -1) this.#stepDown();
    };
    this.#stepTimer = setTimeout(begin, WARDEN_MS);
    this.#keeper.look(this.#traces, begin);
  }

  #start(launch: Launch): void {
    let child: Launched;
    try {
      child = launch(this.#spec, { ...this.#spec.env, [RUN_MARK]: this.id });
    } catch (cause) {
      // Such as arguments that are too long for the system.
      process.nextTick(() => this.#failed(cause));
      return;
    }
    this.#child = child;
    // A signal that cannot be sent is told so as well; the ladder goes on by itself.
    child.on('error', (cause) => {
      if (this.pid === 0) this.#failed(cause);
    });
    child.once('spawn', () => this.#started(child));
    if (child.pid !== undefined) this.#know(child, child.pid);
  }

  /** From here on it can be signalled. */
  #know(child: Launched, pid: number): void {
    this.#traces = { id: this.id, pid, startTicks: child.startTicks ?? readProcess(pid)?.startTicks ?? 0 };
    this.#keeper.lead(this.#traces);
    this.#watch(child);
  }

  #started(child: Launched): void {
    if (this.pid === 0 && child.pid !== undefined) {
      this.#know(child, child.pid);
      if (this.#reason !== null) this.#beginStop();
    }
    this.#events.started(this.pid);
  }

  #watch(child: Launched): void {
    const { timeoutMs, silenceMs = 0 } = this.#spec;
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.stdin?.on('error', () => {}).on('drain', () => this.#events.inputReady?.());
    for (const output of OUTPUTS) this.#listen(child, output);
    if (timeoutMs > 0) this.#timeout = setTimeout(() => this.#timedOut(), timeoutMs);
    if (silenceMs > 0) this.#silence = setTimeout(() => this.#silent(), silenceMs);
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  #listen(child: Launched, output: OutputName): void {
    const stream = child[output];
    // A terminal has only one.
    if (stream === null) {
      this.#open.delete(output);
      return;
    }
    this.#heard[output] = stream;
    stream.on('data', (bytes: Buffer) => this.#take(output, bytes));
    if (this.#paused.has(output)) stream.pause();
    stream.on('error', () => {});
    stream.once('close', () => {
      this.#open.delete(output);
      this.#settle();
    });
  }

  #take(output: OutputName, bytes: Buffer): void {
    this.#silence?.refresh();
    const { maxOutputBytes = 0 } = this.#spec;
    const room = maxOutputBytes === 0 ? bytes.length : Math.min(bytes.length, maxOutputBytes - this.#outputBytes);
    this.#outputBytes += room;
    if (!this.#isDropping && room > 0) this.#events[output](room < bytes.length ? bytes.subarray(0, room) : bytes);
    if (room < bytes.length) this.#tooMuch();
    // Node reads on by itself once the program has ended.
    else if (this.#paused.has(output)) this.#heard[output]?.pause();
  }

  #tooMuch(): void {
    this.#isTruncated = true;
    this.dropOutput();
    this.stop('output');
  }

  #silent(): void {
    if (this.#paused.size > 0) this.#silence?.refresh();
    else this.stop('silence');
  }

  /** Also after the end of the program: its output has not been taken in all that time. */
  #timedOut(): void {
    this.stop('timeout');
    if (this.#exit === null) return;
    this.#reason ??= 'timeout';
    this.#closeOutputs();
  }

  #stepDown(): void {
    if (this.#exit !== null) return;
    if (this.#stepTimer !== null) clearTimeout(this.#stepTimer);
    this.#step += 1;
    const step = this.#spec.stopLadder[this.#step];
    if (step === undefined || step.signal === 'SIGKILL') {
      this.#kill();
      return;
    }
    if (this.#isThere()) signalIfThere(step.to === 'process' ? this.pid : -this.pid, step.signal);
    this.#stepTimer = setTimeout(() => this.#stepDown(), step.waitMs);
  }

  /** The children while they can still be told by their parents, then the group in any case. */
  #kill(): void {
    const force = (): void => {
      if (this.#exit === null && this.#isThere()) signalIfThere(-this.pid, 'SIGKILL');
    };
    this.#stepTimer = setTimeout(force, WARDEN_MS);
    this.#keeper.kill(this.#traces, force);
  }

  /** It may have ended, and its number be another's, before that is told. */
  #isThere(): boolean {
    return process.platform !== 'linux' || readProcess(this.pid)?.startTicks === this.#traces.startTicks;
  }

  #exited(code: number | null, signal: string | null): void {
    this.#exit = { code, signal };
    for (const timer of [this.#silence, this.#stepTimer, this.#sampler]) if (timer !== null) clearTimeout(timer);
    this.#child?.stdin?.destroy();
    this.#drain = setTimeout(() => this.#drained(), DRAIN_MS);
    this.#settle();
  }

  /** Whoever holds the output still is killed; after that only a slow reader is waited for. */
  #drained(): void {
    if (this.#sweeping === 'not yet') this.#sweep();
    else if (this.#sweeping === 'done' && this.#paused.size === 0) this.#closeOutputs();
    if (this.#isOver) return;
    this.#drain?.refresh();
  }

  #closeOutputs(): void {
    for (const output of this.#open) {
      this.#isTruncated = true;
      this.#child?.[output]?.destroy();
    }
  }

  #settle(): void {
    if (this.#exit === null || this.#open.size > 0) return;
    if (this.#sweeping === 'not yet') this.#sweep();
    else if (this.#sweeping === 'done') this.#end(this.#exit);
  }

  #sweep(): void {
    this.#sweeping = 'asked';
    const isYoung = performance.now() - this.#startedAtMs < YOUNG_MS;
    this.#keeper.sweep({ ...this.#traces, isYoung }, () => {
      this.#sweeping = 'done';
      this.#settle();
    });
  }

  #end(exit: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of [this.#timeout, this.#drain]) if (timer !== null) clearTimeout(timer);
    const end: RunEnd = {
      ...exit,
      reason: this.#reason ?? 'exit',
      durationMs: performance.now() - this.#startedAtMs,
      peakMemoryBytes: this.#peakMemoryBytes,
      truncated: this.#isTruncated,
    };
    this.#events.ended(end);
  }

  #failed(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#keeper.sweep(this.#traces, () => {});
    const message = `${this.#spec.file} could not be started: ${(cause as Error).message}`;
    this.#events.failed(new SluiceError('process_failed', { message, cause }));
  }

  #sample(): void {
    if (this.#exit === null) this.#peakMemoryBytes = readPeakMemory(this.pid) ?? this.#peakMemoryBytes;
  }
}

function launchPlain({ file, name, args, cwd, stdin }: RunSpec, env: Readonly<Record<string, string>>): Launched {
  return spawn(file, args, {
    argv0: name ?? file,
    cwd,
    // Node hands this one on by itself unless it is named.
    env: { NODE_V8_COVERAGE: undefined, ...env },
    // A group and a session of its own, so that all of it can be signalled, and no terminal of ours is its.
    detached: true,
    shell: false,
    stdio: [stdin === 'open' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
}
