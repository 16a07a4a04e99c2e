// What a program is run with, and what is told of it. Types only. Rule: a child gets what stands here and nothing else of ours.
import type { SluiceError } from '../../core/errors.ts';

/** Why a run is over: the program ended by itself, or what had been stopped it. `stopped`: whoever asked for it wanted it no more. */
export type EndReason = 'exit' | 'timeout' | 'silence' | 'output' | 'stopped';

export type OutputName = 'stdout' | 'stderr';

/** One step down from asking to forcing: who gets the signal, and how long it has before the next step. */
export interface StopStep {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL';
  /** `process`: the program alone; `group`, if nothing is said: with all that it has started and that has not left its group. */
  readonly to?: 'process' | 'group';
  readonly waitMs: number;
}

/** In the order given; whoever is left after the last step is killed, with all that the run has started. */
export type StopLadder = readonly StopStep[];

export interface RunSpec {
  /** Absolute. */
  readonly file: string;
  /** By which name the program is to know itself; the file, if nothing is said. */
  readonly name?: string;
  readonly args: readonly string[];
  /** All that the child gets, beside the mark by which it is found again (see process-table.ts). */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  /** `closed`: it reads the end at once. */
  readonly stdin: 'closed' | 'open';
  /** From the start to the first step of the ladder; 0: without an end. */
  readonly timeoutMs: number;
  /** The longest time in which the program says nothing, though somebody listens; 0, if nothing is said: without an end. */
  readonly silenceMs?: number;
  /** Of both outputs together; what goes beyond is dropped and the run stopped. 0, if nothing is said: without a bound. */
  readonly maxOutputBytes?: number;
  readonly stopLadder: StopLadder;
}

export interface RunEnd {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: EndReason;
  /** From the start until nothing of it was left. */
  readonly durationMs: number;
  /**
   * The largest resident set that the program itself (not its children) had when it was last looked at, every quarter of a second.
   * null: it had ended before anybody looked, or the system does not tell.
   */
  readonly peakMemoryBytes: number | null;
  /** Some of its output was dropped. */
  readonly truncated: boolean;
}

/** All of it is called later than the call that began the run. `started` or `failed` comes first, and `ended` last. */
export interface RunEvents {
  started(pid: number): void;
  /** It could not be started. Nothing follows. */
  failed(error: SluiceError): void;
  /** The bytes are the listener's to keep. */
  stdout(bytes: Buffer): void;
  stderr(bytes: Buffer): void;
  /** The program takes more input, after `write` answered false. */
  inputReady?(): void;
  /** Nothing of the run is left: neither a process nor a byte. */
  ended(end: RunEnd): void;
}

export interface RunningProcess {
  /** Unique; the mark that all its processes carry. */
  readonly id: string;
  /** 0 until it has started. */
  readonly pid: number;
  /** Input for the program. False: wait for `inputReady`. What nobody reads any more is dropped. */
  write(bytes: Uint8Array): boolean;
  /** The program reads the end after what was written. */
  endInput(): void;
  /** Reads no more of that output for now, so that the program has to wait; what has been read already still comes. */
  pause(output: OutputName): void;
  resume(output: OutputName): void;
  /** Nobody wants its output any more: what it still says is dropped, and it is never held up by that. */
  dropOutput(): void;
  /** Goes down the ladder. The first reason counts. */
  stop(reason: EndReason): void;
}
