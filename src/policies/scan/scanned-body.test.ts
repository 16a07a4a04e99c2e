import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BodySink } from '../../contract/policy.ts';
import type { SluiceError } from '../../core/errors.ts';
import type { ScanEvents } from '../../services/clamd/clamd-scan.ts';
import type { Verdict } from '../../services/clamd/verdict.ts';
import { type BodyScan, ScannedBody, type ScanRules } from './scanned-body.ts';

const CLEAN: Verdict = { kind: 'clean' };
const INFECTED: Verdict = { kind: 'infected', signature: 'Name' };
const FAILED: Verdict = { kind: 'failed', reason: 'timeout', detail: 'gave no verdict within 1 s' };

const KIB = 1024;

/** A body on its way, with a scanner and a sink that do what the test says. */
class Stage implements BodySink, BodyScan {
  /** What has come through. */
  passed = '';
  scanned = '';
  readonly told: string[] = [];
  /** What the sink and the scanner were told. */
  readonly events: string[] = [];
  readonly body: ScannedBody;
  takesMore = true;
  isOpen = false;
  private scanEvents: ScanEvents | null = null;

  constructor(rules: Partial<ScanRules> = {}) {
    this.body = new ScannedBody(
      {
        write: (bytes, from, to) => void (this.passed += Buffer.from(bytes.subarray(from, to)).toString()),
        end: () => void this.events.push('end'),
        pause: () => void this.events.push('pause'),
        resume: () => void this.events.push('resume'),
        fail: ({ code }: SluiceError) => void this.events.push(code),
      },
      {
        direction: 'response',
        rules: { maxBytes: 1024 * KIB, holdBytes: 64 * KIB, passesErrors: false, ...rules },
        open: (events) => {
          this.isOpen = true;
          this.scanEvents = events;
          return this;
        },
        ears: {
          clean: () => void this.told.push('clean'),
          infected: (signature) => void this.told.push(signature),
          failed: ({ reason, passes }) => void this.told.push(`${reason} ${passes ? 'passes' : 'refused'}`),
        },
      },
    );
  }

  send(...texts: string[]): this {
    for (const text of texts) this.body.write(Buffer.from(`.${text}.`), 1, 1 + text.length);
    return this;
  }

  complete(): this {
    this.body.end();
    return this;
  }

  ready(): this {
    this.takesMore = true;
    this.scanEvents?.onReady();
    return this;
  }

  judge(verdict: Verdict): this {
    this.scanEvents?.onVerdict(verdict);
    return this;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.scanned += Buffer.from(bytes.subarray(from, to)).toString();
  }

  end(): void {
    this.events.push('scan ends');
  }

  cancel(): void {
    this.events.push('scan is given up');
  }

  pause(): void {}
  resume(): void {}
  fail(): void {}
}

const large = 'x'.repeat(192 * KIB);

describe('a body that fits', () => {
  test('is not shown before it is complete, and does not pass before the verdict', () => {
    const stage = new Stage().send('one', 'two');
    assert.deepEqual([stage.isOpen, stage.passed], [false, '']);
    stage.complete();
    assert.deepEqual([stage.scanned, stage.passed, stage.events], ['onetwo', '', ['scan ends']]);
    stage.judge(CLEAN);
    assert.deepEqual([stage.passed, stage.events.at(-1), stage.told], ['onetwo', 'end', ['clean']]);
  });

  test('does not pass at all when it is infected, or was not scanned', () => {
    for (const [verdict, code, told] of [
      [INFECTED, 'content_infected', 'Name'],
      [FAILED, 'scan_failed', 'timeout refused'],
    ] as const) {
      const stage = new Stage().send('one').complete().judge(verdict);
      assert.deepEqual([stage.passed, stage.events.at(-1), stage.told], ['', code, [told]]);
      assert.ok(!stage.events.includes('end'));
    }
  });

  test('passes when it was not scanned and that is allowed', () => {
    const stage = new Stage({ passesErrors: true }).send('one').complete().judge(FAILED);
    assert.deepEqual([stage.passed, stage.events.at(-1), stage.told], ['one', 'end', ['timeout passes']]);
  });

  test('of no bytes needs no scan', () => {
    const stage = new Stage().complete();
    assert.deepEqual([stage.isOpen, stage.events, stage.told], [false, ['end'], []]);
  });
});

describe('a body that is longer', () => {
  test('passes while it is scanned, but for its tail', () => {
    const stage = new Stage().send(large);
    assert.equal(stage.scanned.length, 192 * KIB);
    assert.equal(stage.passed.length, 128 * KIB);
    stage.send('y'.repeat(30 * KIB)).complete();
    assert.equal(stage.passed.length, 158 * KIB);
    stage.judge(CLEAN);
    assert.equal(stage.passed, large + 'y'.repeat(30 * KIB));
  });

  test('does not pass faster than it is scanned, and holds its sender back', () => {
    const stage = new Stage();
    stage.takesMore = false;
    stage.send(large);
    assert.deepEqual([stage.passed, stage.events], ['', ['pause']]);
    stage.ready();
    assert.deepEqual([stage.passed.length, stage.events], [128 * KIB, ['pause', 'resume']]);
  });

  test('never completes when it is infected, however that is known', () => {
    for (const isComplete of [true, false]) {
      const stage = new Stage().send(large);
      if (isComplete) stage.complete();
      stage.judge(INFECTED).send('more');
      if (!isComplete) stage.complete();
      assert.deepEqual([stage.passed.length, stage.told], [128 * KIB, ['Name']]);
      assert.ok(stage.events.includes('content_infected') && !stage.events.includes('end'));
    }
  });

  test('goes on when the scan fails in the middle and that is allowed', () => {
    const stage = new Stage({ passesErrors: true }).send(large).judge(FAILED);
    assert.equal(stage.passed, large);
    stage.send('more');
    assert.equal(stage.passed, `${large}more`);
    assert.ok(!stage.events.includes('end'));
    stage.complete();
    assert.equal(stage.events.at(-1), 'end');
  });

  test('than may be scanned is an error as soon as that is known', () => {
    for (const [passesErrors, passed, told] of [
      [false, 0, 'too_large refused'],
      [true, 1, 'too_large passes'],
    ] as const) {
      const stage = new Stage({ maxBytes: 150 * KIB, passesErrors }).send(large);
      assert.deepEqual([stage.told, stage.passed.length], [[told], passed * 192 * KIB]);
      stage.complete();
      assert.equal(stage.events.at(-1), passesErrors ? 'end' : 'content_not_scannable');
    }
  });
});

test('a body that is given up lets go of everything, and nothing more happens', () => {
  const stage = new Stage().send(large);
  stage.body.abort();
  const { passed, events } = stage;
  stage.send('more').complete().ready().judge(INFECTED);
  assert.equal(stage.passed, passed);
  assert.deepEqual([stage.events, events.at(-1), stage.told], [events, 'scan is given up', []]);
});

test('whatever is sent in whichever pieces comes out whole, or never whole', () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, fc.boolean(), fc.array(fc.boolean(), { maxLength: 12 }), (sizes, isClean, readiness) => {
      const stage = new Stage();
      let whole = '';
      sizes.forEach((size, index) => {
        stage.takesMore = readiness[index] ?? true;
        const text = String.fromCharCode(97 + index).repeat(size);
        whole += text;
        stage.send(text);
        assert.ok(stage.scanned.startsWith(stage.passed));
        assert.ok(stage.passed.length <= Math.max(0, whole.length - 64 * KIB));
      });
      stage.complete().ready();
      if (whole !== '') stage.judge(isClean ? CLEAN : INFECTED);
      const isWhole = stage.events.includes('end');
      assert.equal(isWhole, isClean || whole === '');
      if (isWhole) assert.ok(stage.passed === whole && stage.scanned === whole);
      else assert.ok(stage.passed.length < whole.length);
    }),
    { numRuns: 100 },
  );
});
