// One body that is scanned while it passes. Rule: its last bytes wait for the verdict, so that nothing infected ever completes; a
// body of which all is still here is answered for with an error, any other is cut.
import type { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { Verdict } from '../../services/clamd/verdict.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Direction, ToldFailure } from './scan-ears.ts';
import { infectedError, notScannedError, tooLarge, type Unscannable } from './unscannable.ts';

/** A body on its way through a scanner. */
export interface BodyScan {
  readonly takesMore: boolean;
  /** The bytes may be reused at once. */
  write(bytes: Buffer, from: number, to: number): void;
  end(): void;
  cancel(): void;
}

/** What clamd has said, or that nobody needs to ask it. */
export type BodyVerdict = Verdict | ({ readonly kind: 'unscannable' } & Unscannable);

export interface BodyScanEvents {
  /** It takes bytes, for the first time or again. */
  onReady(): void;
  /** Once, and later than the call that began the scan. */
  onVerdict(verdict: BodyVerdict): void;
}

export interface ScanRules {
  /** What is longer is not scanned. */
  readonly maxBytes: number;
  /** So much waits for the verdict. */
  readonly holdBytes: number;
  /** What cannot be scanned passes. */
  readonly passesErrors: boolean;
}

/** What has become of it; one of them is called, once, unless it is given up before. */
export interface BodyEars {
  clean(waitMs: number): void;
  infected(signature: string): void;
  failed(failure: ToldFailure): void;
}

export interface ScannedBodyInit {
  readonly direction: Direction;
  readonly rules: ScanRules;
  readonly open: (events: BodyScanEvents) => BodyScan;
  readonly ears: BodyEars;
}

/** So much more than it may hold waits for the scanner before the sender is held back. */
const SLACK_BYTES = 64 * 1024;

export class ScannedBody implements BodyTransform, BodyScanEvents {
  readonly keepsLength = true;
  readonly holdsHead = true;
  readonly #sink: BodySink;
  readonly #init: ScannedBodyInit;
  readonly #held = new HeldBytes();
  readonly #pass: (bytes: Uint8Array, from: number, to: number) => void;
  readonly #show: (bytes: Buffer, from: number, to: number) => void;
  #state: 'scanning' | 'passing' | 'over' = 'scanning';
  #scan: BodyScan | null = null;
  #size = 0;
  #endedAtMs = -1;
  #isPaused = false;

  constructor(sink: BodySink, init: ScannedBodyInit) {
    this.#sink = sink;
    this.#init = init;
    this.#pass = (bytes, from, to) => sink.write(bytes, from, to);
    this.#show = (bytes, from, to) => this.#scan?.write(bytes, from, to);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state === 'passing') this.#sink.write(bytes, from, to);
    if (this.#state !== 'scanning') return;
    const { maxBytes } = this.#init.rules;
    this.#size += to - from;
    this.#held.add(bytes, from, to);
    if (this.#size > maxBytes) this.#fail(tooLarge(maxBytes));
    else this.#advance();
  }

  end(): void {
    if (this.#state === 'over') return;
    this.#endedAtMs = performance.now();
    if (this.#state === 'scanning' && this.#size > 0) {
      this.#advance();
      return;
    }
    this.#state = 'over';
    this.#sink.end();
  }

  abort(): void {
    this.#state = 'over';
    this.#scan?.cancel();
    this.#held.clear();
  }

  onReady(): void {
    if (this.#state === 'scanning') this.#advance();
  }

  onVerdict(verdict: BodyVerdict): void {
    if (this.#state !== 'scanning') return;
    if (verdict.kind === 'clean') {
      this.#init.ears.clean(performance.now() - this.#endedAtMs);
      this.#complete();
    } else if (verdict.kind === 'infected') this.#refuse(verdict.signature);
    else if (verdict.kind === 'unscannable') this.#fail(verdict);
    else this.#fail({ reason: verdict.reason, detail: `clamd ${verdict.detail}` });
  }

  get #hasEnded(): boolean {
    return this.#endedAtMs >= 0;
  }

  /** Shows the scanner what there is, and passes on what it has seen but for the tail. A body that may stay here whole is shown when it is complete. */
  #advance(): void {
    const { holdBytes } = this.#init.rules;
    if (this.#scan === null && !this.#hasEnded && this.#held.size <= holdBytes) return;
    const scan = (this.#scan ??= this.#init.open(this));
    while (scan.takesMore && this.#held.show(this.#hasEnded, this.#show));
    this.#held.pass(holdBytes, this.#pass);
    if (this.#state !== 'scanning') return;
    if (this.#hasEnded && this.#held.unshown === 0) scan.end();
    else this.#holdBack(this.#held.unshown > holdBytes + SLACK_BYTES);
  }

  #holdBack(isFull: boolean): void {
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#sink.pause();
    else this.#sink.resume();
  }

  /** What is still here goes on, and if that was all, the body is complete. */
  #complete(): void {
    this.#state = this.#hasEnded ? 'over' : 'passing';
    this.#held.passAll(this.#pass);
    this.#holdBack(false);
    if (this.#hasEnded) this.#sink.end();
  }

  #refuse(signature: string): void {
    this.abort();
    this.#init.ears.infected(signature);
    this.#sink.fail(infectedError(this.#init.direction, signature));
  }

  #fail({ reason, detail }: Unscannable): void {
    const { direction, ears, rules } = this.#init;
    this.#scan?.cancel();
    ears.failed({ reason, detail, passes: rules.passesErrors });
    if (rules.passesErrors) {
      this.#complete();
      return;
    }
    this.abort();
    this.#sink.fail(notScannedError(direction, { reason, detail }));
  }
}
