// Runs programs, never by way of a shell, and sees each through to its end. Rule: no process of a run outlives the run, and no run
// outlives Sluice; what is run, for whom and how many at once is for others to decide.
import { randomBytes } from 'node:crypto';
import { LauncherLink } from './launcher-link.ts';
import { recordInstance, sweepLeftovers } from './run-ledger.ts';
import { type Launch, RunningChild } from './running-child.ts';
import type { RunEvents, RunningProcess, RunSpec } from './run-spec.ts';
import { type Keeper, WardenLink } from './warden-link.ts';

export interface SupervisorOptions {
  /** Where the names of runs are recorded, so that the next start finds what this one has left; null: nowhere. */
  readonly ledgerFolder: string | null;
  /** The names could not be recorded. */
  readonly onLedgerError?: (error: Error) => void;
}

export class ProcessSupervisor {
  readonly #options: SupervisorOptions;
  readonly #instance = randomBytes(8).toString('hex');
  readonly #runs = new Set<RunningProcess>();
  #warden: (Keeper & { readonly pid: number | null; close(): void }) | null = null;
  readonly #launcher = new LauncherLink();
  #started = 0;
  #settled: (() => void) | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts programs without a terminal in less time, and without holding up this thread; undefined: not for the moment. */
  get quickLaunch(): Launch | undefined {
    return this.#launcher.launch ?? undefined;
  }

  get running(): number {
    return this.#runs.size;
  }

  /** Of the program that sweeps up; null while there has been nothing to sweep. */
  get wardenPid(): number | null {
    return this.#warden?.pid ?? null;
  }

  /** Without a terminal, unless it is launched with one. */
  start(spec: RunSpec, events: RunEvents, launch?: Launch): RunningProcess {
    this.#warden ??= this.#employWarden();
    this.#started += 1;
    const over = (): void => {
      this.#runs.delete(run);
      if (this.#runs.size === 0) this.#settled?.();
    };
    const watched = watching(events, over);
    const parts = { events: watched, keeper: this.#warden, ...(launch !== undefined && { launch }) };
    const run: RunningProcess = new RunningChild(this.#nextId(), spec, parts);
    this.#runs.add(run);
    return run;
  }

  /** Kills what a Sluice that was killed has left behind; how many processes that were. */
  async recover(): Promise<number> {
    const { ledgerFolder } = this.#options;
    return ledgerFolder === null ? 0 : await sweepLeftovers(ledgerFolder);
  }

  /** Stops all that runs, by its ladder; resolves when nothing is left. */
  async close(): Promise<void> {
    for (const run of this.#runs) {
      run.dropOutput();
      run.stop('stopped');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    if (this.#runs.size > 0) await promise;
    this.#launcher.close();
    this.#warden?.close();
    this.#warden = null;
  }

  #nextId(): string {
    return `${this.#instance}-${this.#started}`;
  }

  #employWarden(): WardenLink {
    const { ledgerFolder, onLedgerError } = this.#options;
    if (ledgerFolder === null) return new WardenLink(this.#instance, null);
    try {
      return new WardenLink(this.#instance, recordInstance(ledgerFolder, this.#instance));
    } catch (error) {
      onLedgerError?.(error as Error);
      return new WardenLink(this.#instance, null);
    }
  }
}

/** What happens to a run is told to its owner; that it is over, to us first. */
function watching(events: RunEvents, over: () => void): RunEvents {
  return {
    started: (pid) => events.started(pid),
    failed: (error) => {
      over();
      events.failed(error);
    },
    stdout: (bytes) => events.stdout(bytes),
    stderr: (bytes) => events.stderr(bytes),
    inputReady: () => events.inputReady?.(),
    ended: (end) => {
      over();
      events.ended(end);
    },
  };
}
