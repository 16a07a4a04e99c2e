import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import type { PlaceWish, Places, SharedState } from '../../state/shared-state.ts';
import { REFUSED, RunningTable, UNKNOWN } from './running-table.ts';
import { SharedRunning } from './shared-running.ts';

/** As a policy asks. */
async function enter(node: SharedRunning, most: number, key = 'k'): Promise<number> {
  const scope = node.scope('s');
  const place = node.enter(scope, key, most);
  return place === UNKNOWN ? node.ask(scope, key, most) : place;
}

class Nodes {
  isUp = true;
  asked = 0;
  readonly share = new MemoryShare();
  private readonly t: TestContext;
  readonly clock = { ms: 1_000_000 };

  constructor(t: TestContext) {
    this.t = t;
  }

  open(threads = 1): SharedRunning {
    const kept = new MemoryState(this.share, () => this.clock.ms);
    const isUp = (): boolean => this.isUp;
    const state: Pick<SharedState, 'isUp' | 'occupy'> = {
      get isUp() {
        return isUp();
      },
      occupy: async (wishes: readonly PlaceWish[], ttlMs: number): Promise<readonly Places[]> => {
        this.asked += 1;
        if (!this.isUp) throw new Error('gone');
        return kept.occupy(wishes, ttlMs);
      },
    };
    const table = new RunningTable({ capacity: 64 });
    const running = new SharedRunning({ state, table, threads, now: () => this.clock.ms });
    this.t.after(() => running.close());
    return running;
  }

  /** How many places are taken, as all know it. */
  get taken(): number {
    return [...this.share.rooms.values()]
      .flatMap((room) => [...room.values()])
      .reduce((sum, { kept }) => sum + kept, 0);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

describe('what runs at once on several nodes', { timeout: 20_000 }, () => {
  test('is as many as may be, exactly where that is few', async (t) => {
    const nodes = new Nodes(t);
    const [one, other] = [nodes.open(), nodes.open()];
    const places = [await enter(one, 3), await enter(other, 3), await enter(other, 3)];
    assert.ok(places.every((place) => place >= 0));
    assert.equal(await enter(one, 3), REFUSED);
    assert.equal(await enter(other, 3), REFUSED);
    assert.ok((await enter(one, 3, 'another key')) >= 0);
    other.leave(places[1]!);
    assert.ok((await enter(one, 3)) >= 0);
    assert.equal(await enter(one, 3), REFUSED);
    const all = await Promise.all(Array.from({ length: 50 }, () => enter(one, 3)));
    assert.deepEqual(new Set(all), new Set([REFUSED]));
    // Nobody is asked for who comes right after so many.
    assert.equal(one.enter(one.scope('s'), 'k', 3), REFUSED);
  });

  test('lets a client that asks one after the other ask any node, also where it may have one at once', async (t) => {
    const nodes = new Nodes(t);
    const all = [nodes.open(), nodes.open(), nodes.open()];
    for (let count = 0; count < 30; count += 1) {
      const node = all[count % 3]!;
      const place = await enter(node, 1);
      assert.ok(place >= 0, `refused at ${count}`);
      node.leave(place);
    }
    await until(() => nodes.taken === 0);
  });

  test('gives a place that becomes free here to whoever waits here', async (t) => {
    const nodes = new Nodes(t);
    const one = nodes.open();
    const place = await enter(one, 1);
    const waiting = enter(one, 1);
    one.leave(place);
    assert.ok((await waiting) >= 0);
  });

  test('asks nobody for a client that has few where many may be, and is at most a slice beyond', async (t) => {
    const nodes = new Nodes(t);
    const [one, other] = [nodes.open(), nodes.open()];
    for (let count = 0; count < 50; count += 1) one.leave(await enter(one, 100));
    await nextTurn();
    assert.equal(nodes.asked, 0);
    let running = 0;
    for (const node of [one, other, one, other]) {
      for (let count = 0; count < 60; count += 1) if ((await enter(node, 100)) >= 0) running += 1;
    }
    assert.ok(running >= 95 && running <= 110, `${running} run`);
  });

  test('is counted by each node for itself while nobody answers, and together again afterwards', async (t) => {
    const nodes = new Nodes(t);
    const [one, other] = [nodes.open(), nodes.open()];
    assert.ok((await enter(one, 2)) >= 0);
    nodes.isUp = false;
    const alone = [await enter(one, 2), await enter(other, 2), await enter(other, 2)];
    assert.ok(alone.every((place) => place >= 0));
    assert.equal(await enter(other, 2), REFUSED);
    nodes.isUp = true;
    nodes.clock.ms += 4_000;
    for (const node of [one, other]) node.sweep();
    await until(() => nodes.taken === 4);
    other.leave(alone[1]!);
    await until(() => nodes.taken === 3);
    assert.equal(await enter(other, 2), REFUSED);
  });

  test('is free again some seconds after its node has ended, and is held as long as it runs', async (t) => {
    const nodes = new Nodes(t);
    const [one, other] = [nodes.open(), nodes.open()];
    assert.ok((await enter(one, 1)) >= 0);
    for (let count = 0; count < 5; count += 1) {
      nodes.clock.ms += 3_000;
      const before = nodes.asked;
      one.sweep();
      await until(() => nodes.asked > before);
      assert.equal(await enter(other, 1), REFUSED);
    }
    one.close();
    nodes.clock.ms += 11_000;
    assert.ok((await enter(other, 1)) >= 0);
  });

  test('gives back what it holds in advance when nobody needs it', async (t) => {
    const nodes = new Nodes(t);
    const one = nodes.open();
    const places: number[] = [];
    for (let count = 0; count < 60; count += 1) places.push(await enter(one, 100));
    await until(() => nodes.taken > 50);
    for (const place of places) one.leave(place);
    nodes.clock.ms += 200;
    one.sweep();
    await until(() => nodes.taken === 0);
  });
});
