// Our end of the warden (see warden.ts). Rule: there is one before the first program is started, and whatever is asked is answered, also
// when there is none: then the sweeping is done here.
import { type ChildProcess, spawn } from 'node:child_process';
import { helperCommand } from '../program/program-parts.ts';
import { onLines } from './line-reader.ts';
import type { Traces } from './process-table.ts';
import { sweep } from './sweep.ts';

/** What happens to a run's processes: everything of the run, or nothing. */
export interface Keeper {
  begin(run: Traces): void;
  /** The program has started. */
  lead(run: Traces): void;
  /** Sees who belongs to it, before its processes lose sight of each other. */
  look(run: Traces, done: () => void): void;
  /** Kills all of it; the run goes on until it is swept. */
  kill(run: Traces, done: () => void): void;
  /** Kills what is left of it, which is the end of the run. */
  sweep(run: Traces, done: () => void): void;
}

interface Asked {
  readonly word: 'look' | 'kill' | 'sweep';
  readonly run: Traces;
  readonly done: () => void;
}

const WARDEN_FILE = import.meta.url.endsWith('.ts') ? './warden.ts' : './warden.js';
/** It has little to keep in mind. */
/** A process that shows none could be anybody who is about to become something else. */
export const HELPER_ENV = { SLUICE_HELPER: '1' } as const;
const NODE_FLAGS = ['--max-old-space-size=32', '--max-semi-space-size=1'];
/** The warden is told of runs that last so long. */
const LEAD_MS = 100;
/** One that comes to nothing is not started over and over. */
const REST_MS = 1000;

export class WardenLink implements Keeper {
  readonly #instance: string;
  readonly #ledgerFile: string | null;
  readonly #runs = new Map<string, Traces>();
  readonly #asked = new Map<string, Asked>();
  #warden: ChildProcess | null = null;
  readonly #untold = new Set<string>();
  #tellingSoon: NodeJS.Timeout | null = null;
  #isResting = false;
  #isClosed = false;

  /** All marks begin with the instance. The warden removes the file when all is over. */
  constructor(instance: string, ledgerFile: string | null) {
    this.#instance = instance;
    this.#ledgerFile = ledgerFile;
  }

  /** Of the warden, while there is one. */
  get pid(): number | null {
    return this.#warden?.pid ?? null;
  }

  /** It is told nothing: it finds what it has not been told of by the name that all marks begin with. */
  begin(run: Traces): void {
    this.#runs.set(run.id, run);
    this.#startIfNeeded();
  }

  /** Not at once: most programs have ended before it would matter, and the warden would take time from their start. */
  lead(run: Traces): void {
    this.#runs.set(run.id, run);
    this.#untold.add(run.id);
    if (this.#tellingSoon === null) this.#tellingSoon = setTimeout(() => this.#tell(), LEAD_MS).unref();
  }

  look(run: Traces, done: () => void): void {
    // It is only the warden that remembers.
    if (this.#warden === null) done();
    else this.#ask('look', run, done);
  }

  kill(run: Traces, done: () => void): void {
    this.#ask('kill', run, done);
  }

  sweep(run: Traces, done: () => void): void {
    this.#ask('sweep', run, () => {
      this.#runs.delete(run.id);
      done();
    });
  }

  /** Kills what is still running. */
  close(): void {
    this.#isClosed = true;
    this.#warden?.stdin?.end();
  }

  #ask(word: Asked['word'], run: Traces, done: () => void): void {
    this.#asked.set(`${word} ${run.id}`, { word, run, done });
    if (this.#warden === null) this.#answerAll();
    else this.#say(`${word} ${wordsOf(run)}${run.isYoung === true ? ' young' : ''}`);
  }

  #start(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    setTimeout(() => this.#rested(), REST_MS).unref();
    const { args: toWarden, env } = helperCommand('warden', new URL(WARDEN_FILE, import.meta.url), NODE_FLAGS);
    const args = [...toWarden, this.#instance, ...(this.#ledgerFile === null ? [] : [this.#ledgerFile])];
    const warden = spawn(process.execPath, args, {
      detached: true,
      env: { ...HELPER_ENV, ...env },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#warden = warden;
    const gone = (): void => this.#gone(warden);
    warden.on('error', gone).on('exit', gone);
    warden.stdin.on('error', () => {});
    warden.stdout.on('error', () => {});
    onLines(warden.stdout, (line) => this.#hear(line));
    // It is no reason for us to go on.
    warden.unref();
    for (const stream of [warden.stdin, warden.stdout]) if ('unref' in stream) (stream as { unref(): void }).unref();
    for (const id of this.#runs.keys()) this.#untold.add(id);
    this.#tell();
  }

  #tell(): void {
    this.#tellingSoon = null;
    for (const id of this.#untold) {
      const run = this.#runs.get(id);
      if (run !== undefined && run.pid !== 0) this.#say(`lead ${wordsOf(run)}`);
    }
    this.#untold.clear();
  }

  #say(line: string): void {
    this.#warden?.stdin?.write(`${line}\n`);
  }

  #hear(line: string): void {
    const asked = this.#asked.get(line);
    this.#asked.delete(line);
    asked?.done();
  }

  #gone(warden: ChildProcess): void {
    if (this.#warden !== warden) return;
    this.#warden = null;
    this.#answerAll();
    this.#startIfNeeded();
  }

  #rested(): void {
    this.#isResting = false;
    this.#startIfNeeded();
  }

  #startIfNeeded(): void {
    if (this.#warden === null && this.#runs.size > 0 && !this.#isClosed) this.#start();
  }

  /** Without a warden. */
  #answerAll(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { run, done, word } of asked) {
      if (word === 'look') done();
      // Of a system that refuses even that nobody can be told here.
      else sweep([run]).then(done, done);
    }
  }
}

function wordsOf({ id, pid, startTicks }: Traces): string {
  return `${id} ${pid} ${startTicks}`;
}
