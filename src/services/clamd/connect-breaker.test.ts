import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectBreaker } from './connect-breaker.ts';

class Stage {
  nowMs = 5000;
  readonly breaker = new ConnectBreaker(() => this.nowMs);

  fail(times: number): void {
    for (let i = 0; i < times; i += 1) this.breaker.failed();
  }

  /** How many of five at the same time may try. */
  admitted(): number {
    return Array.from({ length: 5 }, () => this.breaker.admits()).filter(Boolean).length;
  }
}

describe('a server that cannot be reached', () => {
  test('is left alone after three failures in a row, and then tried by one at a time', () => {
    const stage = new Stage();
    stage.fail(2);
    assert.equal(stage.admitted(), 5);
    stage.fail(1);
    assert.equal(stage.admitted(), 0);
    stage.nowMs += 1000;
    assert.equal(stage.admitted(), 1);
  });

  test('is left alone longer each time that a try fails, but never very long', () => {
    const stage = new Stage();
    stage.fail(3);
    for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 16_000]) {
      stage.nowMs += waitMs - 1;
      assert.equal(stage.admitted(), 0, String(waitMs));
      stage.nowMs += 1;
      assert.equal(stage.admitted(), 1, String(waitMs));
      stage.fail(1);
    }
  });

  test('is not left alone longer for what had begun before', () => {
    const stage = new Stage();
    stage.fail(100);
    stage.nowMs += 1000;
    assert.equal(stage.admitted(), 1);
  });

  test('gets another try when the last one was given up', () => {
    const stage = new Stage();
    stage.fail(3);
    stage.nowMs += 1000;
    assert.equal(stage.admitted(), 1);
    stage.nowMs += 999;
    assert.equal(stage.admitted(), 0);
    stage.nowMs += 1;
    assert.equal(stage.admitted(), 1);
  });

  test('is as good as new once one has got through', () => {
    const stage = new Stage();
    stage.fail(3);
    stage.nowMs += 1000;
    assert.ok(stage.breaker.admits());
    stage.breaker.succeeded();
    assert.equal(stage.admitted(), 5);
    stage.fail(2);
    assert.equal(stage.admitted(), 5);
    stage.breaker.succeeded();
    stage.fail(2);
    assert.equal(stage.admitted(), 5);
  });
});
