import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HeldBytes } from './held-bytes.ts';

const BLOCK = 64 * 1024;

class Stage {
  readonly held = new HeldBytes();
  shown = '';
  passed = '';

  add(text: string): void {
    this.held.add(Buffer.from(`..${text}..`), 2, 2 + text.length);
  }

  show(isEnd = false): number {
    let count = 0;
    while (this.held.show(isEnd, (bytes, from, to) => (this.shown += bytes.toString('latin1', from, to)))) count += 1;
    return count;
  }

  pass(keep: number): void {
    this.held.pass(keep, (bytes, from, to) => (this.passed += bytes.toString('latin1', from, to)));
  }

  passAll(): void {
    this.held.passAll((bytes, from, to) => (this.passed += bytes.toString('latin1', from, to)));
  }
}

describe('what is held of a body', () => {
  test('is shown in full blocks, and at the end whatever there is', () => {
    const stage = new Stage();
    for (let i = 0; i < BLOCK / 2 + 1; i += 1) stage.add('ab');
    assert.deepEqual([stage.show(), stage.held.size, stage.held.unshown], [1, BLOCK + 2, 2]);
    assert.equal(stage.show(), 0);
    assert.equal(stage.show(true), 1);
    assert.equal(stage.shown, 'ab'.repeat(BLOCK / 2 + 1));
  });

  test('is passed on once it was shown, but for the tail', () => {
    const stage = new Stage();
    stage.add('x'.repeat(BLOCK + 100));
    stage.pass(10);
    assert.equal(stage.passed, '');
    stage.show(true);
    stage.pass(10);
    assert.deepEqual([stage.passed.length, stage.held.size], [BLOCK + 90, 10]);
    stage.pass(10);
    assert.equal(stage.held.size, 10);
    stage.pass(0);
    assert.deepEqual([stage.passed.length, stage.held.size], [BLOCK + 100, 0]);
  });

  test('that was not shown stays, however little is to be kept', () => {
    const stage = new Stage();
    stage.add('x'.repeat(BLOCK));
    stage.add('y');
    stage.show();
    stage.pass(0);
    assert.deepEqual([stage.passed.length, stage.held.size, stage.held.unshown], [BLOCK, 1, 1]);
    stage.passAll();
    assert.deepEqual([stage.passed.length, stage.held.size, stage.held.unshown], [BLOCK + 1, 0, 0]);
  });

  test('may be cleared by whoever takes it', () => {
    const { held } = new Stage();
    held.add(Buffer.alloc(3 * BLOCK), 0, 3 * BLOCK);
    held.add(Buffer.alloc(BLOCK), 0, BLOCK);
    while (held.show(true, () => {}));
    let taken = 0;
    held.pass(0, (_bytes, from, to) => {
      taken += to - from;
      held.clear();
    });
    assert.deepEqual([taken, held.size], [BLOCK, 0]);
  });

  test('comes out as it went in, shown first, whatever is done in which order', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 150_000 }) }),
      fc.record({ keep: fc.integer({ min: 0, max: 50_000 }) }),
      fc.constant('show'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const stage = new Stage();
        let whole = '';
        for (const each of steps) {
          if (each === 'show') stage.show();
          else if (typeof each === 'object' && 'add' in each) {
            const text = String.fromCharCode(97 + (whole.length % 26)).repeat(each.add);
            whole += text;
            stage.add(text);
          } else if (typeof each === 'object') stage.pass(each.keep);
          assert.equal(stage.held.size, whole.length - stage.passed.length);
          assert.equal(stage.held.unshown, whole.length - stage.shown.length);
          assert.ok(stage.shown.startsWith(stage.passed));
        }
        stage.show(true);
        stage.pass(0);
        assert.ok(stage.shown === whole && stage.passed === whole);
      }),
      { numRuns: 50 },
    );
  });
});
