import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScanEvents } from '../../services/clamd/clamd-scan.ts';
import type { Verdict } from '../../services/clamd/verdict.ts';
import { FormScan } from './form-scan.ts';
import type { BodyScan, BodyVerdict } from './scanned-body.ts';

const CLEAN: Verdict = { kind: 'clean' };
const INFECTED: Verdict = { kind: 'infected', signature: 'Name' };

/** One scan, as the test wants it to go. */
class FakeScan implements BodyScan {
  takesMore = false;
  seen = '';
  hasEnded = false;
  isCancelled = false;
  readonly events: ScanEvents;

  constructor(events: ScanEvents) {
    this.events = events;
  }

  write(bytes: Buffer, from: number, to: number): void {
    this.seen += bytes.toString('latin1', from, to);
  }

  end(): void {
    this.hasEnded = true;
    this.takesMore = false;
  }

  cancel(): void {
    this.isCancelled = true;
  }

  ready(): this {
    this.takesMore = true;
    this.events.onReady();
    return this;
  }
}

class Stage {
  readonly scans: FakeScan[] = [];
  readonly verdicts: BodyVerdict[] = [];
  readies = 0;
  readonly form: FormScan;

  constructor() {
    const scan = (events: ScanEvents): FakeScan => {
      const made = new FakeScan(events);
      this.scans.push(made);
      return made;
    };
    this.form = new FormScan({ scan, scanBeside: scan }, 'xyz', {
      onReady: () => void (this.readies += 1),
      onVerdict: (verdict) => void this.verdicts.push(verdict),
    });
    this.whole.ready();
  }

  get whole(): FakeScan {
    return this.scans[0] ?? assert.fail('nothing is scanned');
  }

  send(text: string): this {
    this.form.write(Buffer.from(text), 0, text.length);
    return this;
  }
}

const file = (content: string): string =>
  `--xyz\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n${content}\r\n`;
const TWO = `${file('one')}${file('two')}--xyz--\r\n`;

describe('a form', () => {
  test('is scanned as a whole, and each file by itself, one after the other', () => {
    const stage = new Stage().send(TWO);
    stage.form.end();
    const { scans, whole, verdicts } = stage;
    assert.deepEqual([whole.seen, whole.hasEnded, scans.length], [TWO, true, 2]);
    scans[1]!.ready();
    assert.deepEqual([scans[1]!.seen, scans[1]!.hasEnded, scans.length], ['one', true, 2]);
    scans[1]!.events.onVerdict(CLEAN);
    whole.events.onVerdict(CLEAN);
    assert.deepEqual([scans.length, verdicts], [3, []]);
    scans[2]!.ready().events.onVerdict(CLEAN);
    assert.deepEqual([scans[2]!.seen, verdicts], ['two', [CLEAN]]);
  });

  test('takes nothing while a file cannot be shown', () => {
    const stage = new Stage();
    assert.deepEqual([stage.form.takesMore, stage.readies], [true, 1]);
    stage.send(file('x'.repeat(100)));
    assert.equal(stage.form.takesMore, false);
    stage.scans[1]!.ready();
    assert.deepEqual([stage.form.takesMore, stage.readies], [true, 2]);
    stage.whole.takesMore = false;
    assert.equal(stage.form.takesMore, false);
  });

  test('is infected as soon as anything of it is', () => {
    for (const which of [0, 1]) {
      const stage = new Stage().send(file('one'));
      stage.scans[which]!.ready().events.onVerdict(INFECTED);
      stage.scans[1 - which]!.events.onVerdict(CLEAN);
      assert.deepEqual(stage.verdicts, [INFECTED]);
      assert.ok(stage.scans[1 - which]!.isCancelled && !stage.form.takesMore);
    }
  });

  test('is not scanned when one of its files is not', () => {
    const failed: Verdict = { kind: 'failed', reason: 'timeout', detail: 'x' };
    const stage = new Stage().send(file('one'));
    stage.scans[1]!.events.onVerdict(failed);
    assert.deepEqual(stage.verdicts, [failed]);
  });

  test('is not scanned when it can be read in several ways, or has too many files', () => {
    const many = new Stage();
    for (let i = 0; i < 600 && many.verdicts.length === 0; i += 1) {
      many.send(file('x'));
      const last = many.scans.at(-1)!;
      if (many.verdicts.length === 0 && last !== many.whole) last.ready().events.onVerdict(CLEAN);
    }
    for (const [{ verdicts }, detail] of [
      [new Stage().send('--xyz\nabc'), 'it is a form that can be read in more than one way'],
      [many, 'it is a form with more than 500 files'],
    ] as const) {
      assert.deepEqual(verdicts, [{ kind: 'unscannable', reason: 'form', detail }]);
    }
  });

  test('that is given up gives up all of its scans', () => {
    const stage = new Stage().send(file('one'));
    stage.form.cancel();
    assert.ok(stage.scans.every(({ isCancelled }) => isCancelled));
    assert.deepEqual(stage.verdicts, []);
  });
});
