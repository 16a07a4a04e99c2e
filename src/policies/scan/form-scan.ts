// A form on its way through a scanner: as a whole, and each of its files by itself, since many signatures know a file only from its
// first byte. Rule: it is clean when all of that is; the scans of one form use two connections at most.
import type { Buffer } from 'node:buffer';
import type { ScanEvents } from '../../services/clamd/clamd-scan.ts';
import type { Verdict } from '../../services/clamd/verdict.ts';
import { FormSplitter } from './form-splitter.ts';
import type { BodyScan, BodyScanEvents } from './scanned-body.ts';

export interface FormScanner {
  scan(events: ScanEvents): BodyScan;
  /** For what belongs to a body that is being scanned. */
  scanBeside(events: ScanEvents): BodyScan;
}

/** Each costs a scan. */
const MAX_FILES = 500;

type Task = 'begin' | 'end' | { readonly bytes: Buffer; readonly from: number; to: number };

export class FormScan implements BodyScan {
  readonly #scanner: FormScanner;
  readonly #events: BodyScanEvents;
  readonly #splitter: FormSplitter;
  readonly #whole: BodyScan;
  /** The file that is being scanned; null: the next one may begin. */
  #file: BodyScan | null = null;
  #tasks: Task[] = [];
  #files = 0;
  #isWholeClean = false;
  #isOver = false;

  constructor(scanner: FormScanner, boundary: string, events: BodyScanEvents) {
    this.#scanner = scanner;
    this.#events = events;
    this.#splitter = new FormSplitter(boundary, {
      fileBegins: () => void this.#tasks.push('begin'),
      fileBytes: (bytes, from, to) => void this.#tasks.push({ bytes, from, to }),
      fileEnds: () => void this.#tasks.push('end'),
      ambiguous: () => this.#giveUp('it is a form that can be read in more than one way'),
    });
    this.#whole = scanner.scan({
      onReady: () => this.#tellReady(),
      onVerdict: (verdict) => {
        this.#isWholeClean = verdict.kind === 'clean';
        this.#heard(verdict);
      },
    });
  }

  get takesMore(): boolean {
    return !this.#isOver && this.#tasks.length === 0 && this.#whole.takesMore;
  }

  write(bytes: Buffer, from: number, to: number): void {
    this.#whole.write(bytes, from, to);
    this.#splitter.write(bytes, from, to);
    this.#work();
  }

  end(): void {
    this.#splitter.end();
    this.#whole.end();
    this.#work();
  }

  cancel(): void {
    this.#isOver = true;
    this.#tasks = [];
    this.#whole.cancel();
    this.#file?.cancel();
  }

  /** Does what there is to do as far as the scanner takes it. */
  #work(): void {
    for (let task = this.#tasks[0]; task !== undefined && this.#isDone(task); task = this.#tasks[0])
      this.#tasks.shift();
  }

  #isDone(task: Task): boolean {
    if (task === 'begin') return this.#beginFile();
    if (this.#file?.takesMore !== true) return false;
    if (task === 'end') this.#file.end();
    else this.#file.write(task.bytes, task.from, task.to);
    return true;
  }

  #beginFile(): boolean {
    if (this.#file !== null) return false;
    this.#files += 1;
    if (this.#files > MAX_FILES) {
      this.#giveUp(`it is a form with more than ${MAX_FILES} files`);
      return false;
    }
    this.#file = this.#scanner.scanBeside({
      onReady: () => {
        this.#work();
        this.#tellReady();
      },
      onVerdict: (verdict) => {
        this.#file = null;
        this.#heard(verdict);
      },
    });
    return true;
  }

  #tellReady(): void {
    if (this.takesMore) this.#events.onReady();
  }

  #heard(verdict: Verdict): void {
    if (this.#isOver) return;
    if (verdict.kind !== 'clean') {
      this.cancel();
      this.#events.onVerdict(verdict);
      return;
    }
    this.#work();
    if (this.#isOver) return;
    if (this.#isWholeClean && this.#file === null && this.#tasks.length === 0) {
      this.#isOver = true;
      this.#events.onVerdict(verdict);
    } else this.#tellReady();
  }

  #giveUp(detail: string): void {
    if (this.#isOver) return;
    this.cancel();
    this.#events.onVerdict({ kind: 'unscannable', reason: 'form', detail });
  }
}
