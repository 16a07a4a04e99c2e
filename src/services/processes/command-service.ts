// Runs the commands of clients, a bounded number at once and the others in turn. Rule: whoever asked hears of it once: that it was
// refused, or that it has ended; a slot is free again only when nothing of its run is left.
import type { Buffer } from 'node:buffer';
import type { SluiceError } from '../../core/errors.ts';
import type { CommandRequest } from './command-request.ts';
import type { CommandRules } from './command-rules.ts';
import { FairSlots, type Place, type SlotLimits } from './fair-slots.ts';
import type { ProcessSupervisor } from './process-supervisor.ts';
import type { Launch } from './running-child.ts';
import type { EndReason, RunEnd, RunEvents, RunningProcess } from './run-spec.ts';

export interface CommandJob {
  /** Who takes turns with the others. */
  readonly user: string;
  readonly request: CommandRequest;
  readonly rules: CommandRules;
  /** Whether more input follows the request. */
  readonly input: 'closed' | 'open';
  /** The longest wait for a turn. */
  readonly queueTimeoutMs: number;
  /** Without a terminal, if nothing is said. */
  readonly launch?: Launch;
}

/** Counts what becomes of runs. */
export interface RunWatch {
  /** How many run and wait now. */
  changed(running: number, waiting: number): void;
  ended(reason: EndReason | 'failed', durationMs: number): void;
  /** There was no room for it, or no turn in time. */
  refused(): void;
}

export interface CommandServiceOptions {
  readonly supervisor: ProcessSupervisor;
  readonly limits: SlotLimits;
  readonly watch: RunWatch;
}

export class CommandService {
  readonly supervisor: ProcessSupervisor;
  readonly #slots: FairSlots;
  readonly #watch: RunWatch;

  constructor({ supervisor, limits, watch }: CommandServiceOptions) {
    this.supervisor = supervisor;
    this.#slots = new FairSlots(limits);
    this.#watch = watch;
  }

  get running(): number {
    return this.#slots.running;
  }

  get waiting(): number {
    return this.#slots.waiting;
  }

  setLimits(limits: SlotLimits): void {
    this.#slots.setLimits(limits);
  }

  /** Of `events` everything may be called before this has returned only when it is refused. */
  run(job: CommandJob, events: RunEvents): CommandRun {
    return new CommandRun(job, events, { supervisor: this.supervisor, slots: this.#slots, watch: this.#watch });
  }
}

interface Parts {
  readonly supervisor: ProcessSupervisor;
  readonly slots: FairSlots;
  readonly watch: RunWatch;
}

/** From the request to the end of its program. */
export class CommandRun {
  readonly #job: CommandJob;
  readonly #events: RunEvents;
  readonly #parts: Parts;
  #place: Place | null = null;
  #patience: NodeJS.Timeout | null = null;
  #isOver = false;
  readonly #early: Buffer[] = [];
  #hasEarlyEnd = false;
  /** Once it has its turn. */
  process: RunningProcess | null = null;

  constructor(job: CommandJob, events: RunEvents, parts: Parts) {
    this.#job = job;
    this.#events = events;
    this.#parts = parts;
    this.#enter();
  }

  /** False: wait for `inputReady`. What comes before the program has started is kept for it. */
  write(bytes: Buffer): boolean {
    if (this.process !== null) return this.process.write(bytes);
    if (!this.#isOver) this.#early.push(bytes);
    return false;
  }

  endInput(): void {
    if (this.process === null) this.#hasEarlyEnd = true;
    else this.process.endInput();
  }

  /** Nobody wants it any more; the events that follow are nobody's. */
  cancel(): void {
    if (this.#isOver) return;
    this.process?.dropOutput();
    this.process?.stop('stopped');
    if (this.process === null) this.#leave();
  }

  #enter(): void {
    const { slots, watch } = this.#parts;
    this.#place = slots.enter(this.#job.user, () => this.#start());
    if (this.#place === null) {
      this.#isOver = true;
      watch.refused();
      this.#events.failed(slots.refusal());
      return;
    }
    this.#changed();
    // What was over at once has its place back only now.
    if (this.#isOver) this.#leave();
    else if (this.process === null) this.#patience = setTimeout(() => this.#tired(), this.#job.queueTimeoutMs);
  }

  #tired(): void {
    this.#parts.watch.refused();
    const error = this.#parts.slots.refusal('it was not its turn in time');
    this.#leave();
    this.#events.failed(error);
  }

  #start(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#changed();
    const { request, rules, input, launch } = this.#job;
    const events = this.#watching();
    try {
      const spec = rules.specFor(request, input);
      const { supervisor } = this.#parts;
      this.process = supervisor.start(spec, events, launch ?? supervisor.quickLaunch);
    } catch (error) {
      this.#failed(error as SluiceError);
      return;
    }
    if (request.stdin !== null) this.process.write(request.stdin);
    for (const bytes of this.#early.splice(0)) this.process.write(bytes);
    if (this.#hasEarlyEnd || (request.stdin !== null && input === 'closed')) this.process.endInput();
  }

  #watching(): RunEvents {
    const { ended, failed } = {
      ended: (end: RunEnd) => this.#ended(end),
      failed: (error: SluiceError) => this.#failed(error),
    };
    const events = this.#events;
    return {
      started: (pid) => events.started(pid),
      stdout: (bytes) => events.stdout(bytes),
      stderr: (bytes) => events.stderr(bytes),
      inputReady: () => events.inputReady?.(),
      ended,
      failed,
    };
  }

  #ended(end: RunEnd): void {
    this.#leave();
    this.#parts.watch.ended(end.reason, end.durationMs);
    this.#events.ended(end);
  }

  #failed(error: SluiceError): void {
    this.#leave();
    if (error.code === 'process_failed') this.#parts.watch.ended('failed', 0);
    this.#events.failed(error);
  }

  #leave(): void {
    this.#isOver = true;
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#place?.leave();
    this.#changed();
  }

  #changed(): void {
    const { slots, watch } = this.#parts;
    watch.changed(slots.running, slots.waiting);
  }
}
