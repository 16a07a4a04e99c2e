import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { MemberTable } from './member-table.ts';
import { WaitingRoom } from './waiting-room.ts';

interface Guest {
  readonly name: string;
}

const LONG_MS = 60_000;

/** As many as there is room for find something. */
class Rig {
  room = 0;
  readonly served: string[] = [];
  readonly waiting: WaitingRoom<Guest>;

  constructor(t: TestContext, table: MemberTable = new MemberTable({ capacity: 8 }), size = 10) {
    this.waiting = new WaitingRoom({ name: 'pool', table, size });
    t.after(() => this.waiting.dispose());
  }

  enter(guest: Guest, limitMs: number = LONG_MS): Promise<string> {
    return this.waiting.wait(guest, limitMs, () => {
      if (this.room === 0) return null;
      this.room--;
      this.served.push(guest.name);
      return `served ${guest.name}`;
    });
  }
}

const guests = (names: string): Guest[] => names.split(' ').map((name) => ({ name }));

describe('a waiting room', () => {
  test('lets those in who have waited longest, one for each place', async (t) => {
    const rig = new Rig(t);
    const all = guests('a b c').map((guest) => rig.enter(guest));
    assert.deepEqual([rig.waiting.length, rig.waiting.total], [3, 3]);
    rig.room = 2;
    rig.waiting.call();
    assert.deepEqual(await Promise.all(all.slice(0, 2)), ['served a', 'served b']);
    assert.equal(rig.waiting.total, 1);
    rig.room = 1;
    rig.waiting.call();
    await all[2];
    assert.deepEqual(rig.served, ['a', 'b', 'c']);
    assert.deepEqual([rig.waiting.length, rig.waiting.total], [0, 0]);
  });

  test('sends away who has waited too long, and nobody else', async (t) => {
    const rig = new Rig(t);
    const [late, patient] = guests('late patient');
    const first = rig.enter(late ?? assert.fail(), 1);
    const second = rig.enter(patient ?? assert.fail());
    assert.equal(await first, 'late');
    rig.room = 1;
    rig.waiting.call();
    assert.equal(await second, 'served patient');
  });

  test('forgets who leaves, and says whether there was anybody', async (t) => {
    const rig = new Rig(t);
    const [gone, stays] = guests('gone stays');
    assert.ok(gone !== undefined && stays !== undefined);
    const all = [rig.enter(gone), rig.enter(stays)];
    assert.deepEqual([rig.waiting.leave(gone), rig.waiting.leave({ name: 'x' })], [true, false]);
    assert.equal(await all[0], 'left');
    rig.room = 1;
    rig.waiting.callHere();
    assert.equal(await all[1], 'served stays');
  });

  test('looks by itself after a while: what passes with time calls nobody', async (t) => {
    const rig = new Rig(t);
    const waits = rig.enter({ name: 'a' });
    rig.room = 1;
    assert.equal(await waits, 'served a');
  });

  test('is one for all threads: who waits in one is called from another', async (t) => {
    const table = new MemberTable({ capacity: 8 });
    const [here, there] = [new Rig(t, table), new Rig(t, table)];
    const waits = here.enter({ name: 'a' });
    assert.deepEqual([there.waiting.length, there.waiting.total], [0, 1]);
    here.room = 1;
    there.waiting.call();
    assert.equal(await waits, 'served a');
    assert.equal(there.waiting.total, 0);
  });

  test('passes on what the look throws, and goes on with the next', async (t) => {
    const rig = new Rig(t);
    const bad = rig.waiting.wait({ name: 'bad' }, LONG_MS, () => {
      throw new Error('nobody is left');
    });
    const good = rig.enter({ name: 'good' });
    rig.room = 1;
    rig.waiting.call();
    await assert.rejects(bad, /nobody is left/);
    assert.equal(await good, 'served good');
  });

  test('is full when as many wait as may, and empty when it is closed', async (t) => {
    const rig = new Rig(t, new MemberTable({ capacity: 8 }), 1);
    assert.equal(rig.waiting.isFull, false);
    const waits = rig.enter({ name: 'a' });
    assert.equal(rig.waiting.isFull, true);
    rig.waiting.dispose();
    assert.equal(await waits, 'left');
    assert.equal(rig.waiting.isFull, false);
  });
});
