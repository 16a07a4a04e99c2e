import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResolveCallback } from '../../transport/resolver.ts';
import { NameWatch, type NameTimers } from './name-watch.ts';

class Rig implements NameTimers {
  nowMs = 0;
  asked = 0;
  news = 0;
  readonly watch: NameWatch;
  private timers: { at: number; run: () => void }[] = [];
  private done: ResolveCallback = () => assert.fail('nobody asks');

  constructor(everyMs = 30_000) {
    const resolve = (_host: string, done: ResolveCallback): void => {
      this.asked++;
      this.done = done;
    };
    this.watch = new NameWatch({ host: 'a.test', everyMs, resolve, onNews: () => this.news++, timers: this });
    this.watch.start();
  }

  now(): number {
    return this.nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.nowMs + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.timers.filter(({ at }) => at <= this.nowMs);
    this.timers = this.timers.filter(({ at }) => at > this.nowMs);
    for (const { run } of due) run();
  }

  answer(addresses: readonly string[], ttlMs: number | null = null): void {
    this.done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
      ttlMs,
    );
  }

  fail(code: string): void {
    this.done(Object.assign(new Error(code), { code }), []);
  }

  get known(): string {
    return this.watch.addresses.map(({ address }) => address).join(' ');
  }
}

describe('a name that is watched', () => {
  test('is asked for again after its time, or sooner where its records count for less', () => {
    const rig = new Rig();
    assert.equal(rig.watch.isPending, true);
    rig.answer(['10.0.0.1'], 5000);
    assert.equal(rig.watch.isPending, false);
    rig.pass(4999);
    assert.equal(rig.asked, 1);
    rig.pass(1);
    assert.equal(rig.asked, 2);
    rig.answer(['10.0.0.1'], 3_600_000);
    rig.pass(30_000);
    assert.equal(rig.asked, 3);
  });

  test('is news when its addresses are others, in whatever order they come', () => {
    const rig = new Rig(1000);
    for (const [addresses, news] of [
      [['10.0.0.1', '10.0.0.2'], 1],
      [['10.0.0.2', '10.0.0.1'], 1],
      [['10.0.0.2'], 2],
      [['10.0.0.3'], 3],
    ] as const) {
      rig.answer(addresses);
      assert.equal(rig.news, news);
      rig.pass(1000);
    }
  });

  test('keeps its addresses through failures, and is asked for again soon', () => {
    const rig = new Rig();
    rig.answer(['10.0.0.1']);
    rig.pass(30_000);
    for (const waitMs of [1000, 2000, 4000, 8000, 15_000, 15_000]) {
      const { asked } = rig;
      rig.fail('ESERVFAIL');
      assert.deepEqual([rig.known, rig.watch.failure, rig.news], ['10.0.0.1', null, 1]);
      rig.pass(waitMs - 1);
      assert.equal(rig.asked, asked);
      rig.pass(1);
      assert.equal(rig.asked, asked + 1);
    }
    rig.answer([]);
    assert.equal(rig.known, '10.0.0.1');
  });

  test('that has no address says why, each time anew', () => {
    for (const [code, wanted] of [
      ['ENOTFOUND', /a\.test could not be resolved: there is no such name/],
      ['ETIMEOUT', /does not answer/],
      ['EWHATEVER', /EWHATEVER/],
    ] as const) {
      const rig = new Rig();
      rig.fail(code);
      assert.match(rig.watch.failure?.message ?? '', wanted);
      assert.equal(rig.watch.failure?.code, 'upstream_dns_failed');
      assert.deepEqual([rig.watch.isPending, rig.news], [false, 1]);
    }
    const rig = new Rig();
    rig.answer([]);
    assert.match(rig.watch.failure?.message ?? '', /it has no address/);
  });

  test('whose resolver is silent has failed, and a late answer is nobody’s', () => {
    const rig = new Rig();
    rig.pass(30_000);
    assert.match(rig.watch.failure?.message ?? '', /there is no answer/);
    rig.answer(['10.0.0.1']);
    assert.equal(rig.known, '');
  });

  test('is asked for out of turn, but not twice in a moment', () => {
    const rig = new Rig();
    rig.watch.askAgain();
    rig.fail('ENOTFOUND');
    rig.watch.askAgain();
    assert.equal(rig.asked, 1);
    rig.nowMs = 1000;
    rig.watch.askAgain();
    assert.equal(rig.asked, 2);
  });

  test('is left in peace when nobody watches any more', () => {
    const rig = new Rig();
    rig.watch.stop();
    rig.answer(['10.0.0.1']);
    rig.pass(3_600_000);
    assert.deepEqual([rig.asked, rig.news, rig.known], [1, 0, '']);
  });
});
