// Without threads: their tapes are read as they are here.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { seenRequest } from '../../test/support/seen-request.ts';
import { RequestTape } from '../telemetry/request-tape.ts';
import { HISTORY_LENGTH, type RequestBatch, RequestWatch } from './request-watch.ts';

class Stage {
  readonly tapes: readonly RequestTape[];
  readonly watch: RequestWatch;
  looks = 0;
  private readonly t: TestContext;

  constructor(t: TestContext, threads = 1) {
    this.t = t;
    t.mock.timers.enable({ apis: ['setInterval'] });
    this.tapes = Array.from({ length: threads }, () => new RequestTape());
    this.watch = new RequestWatch((since, most) => {
      this.looks += 1;
      return Promise.resolve(this.tapes.map((tape, thread) => tape.read(since[thread] ?? 0, most)));
    });
  }

  add(id: string, atMs = 0, thread = 0): void {
    this.tapes[thread]!.add(seenRequest({ id, atMs, target: `/?token=${id}` }));
  }

  /** A quarter of a second later. */
  async later(): Promise<void> {
    this.t.mock.timers.tick(250);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    await new Promise(setImmediate);
  }
}

const idsOf = ({ requests }: Pick<RequestBatch, 'requests'>): string[] => requests.map(({ id }) => id);

describe('whoever looks back', () => {
  test('sees the requests of all threads in the order in which they ended, without secrets', async (t) => {
    const stage = new Stage(t, 2);
    stage.add('a', 1);
    stage.add('c', 3);
    stage.add('b', 2, 1);
    const seen = await stage.watch.recent({}, 10);
    assert.deepEqual(idsOf({ requests: seen }), ['c', 'b', 'a']);
    assert.deepEqual(seen.map(({ number, target }) => [number, target])[0], [3, '/?token=***']);
    assert.equal((await stage.watch.find('b'))?.number, 2);
    assert.equal(await stage.watch.find('x'), undefined);
    assert.deepEqual(idsOf({ requests: await stage.watch.recent({ text: 'b' }, 10) }), ['b']);
  });

  test('asks nobody for more than one look at a time', async (t) => {
    const stage = new Stage(t);
    await Promise.all([stage.watch.recent({}, 1), stage.watch.recent({}, 1), stage.watch.find('a')]);
    assert.equal(stage.looks, 1);
  });
});

describe('whoever follows', () => {
  test('gets what comes from then on, and only while he is there', async (t) => {
    const stage = new Stage(t);
    stage.add('before');
    const batches: RequestBatch[] = [];
    const follower = await stage.watch.follow({}, null, (batch) => batches.push(batch) > 0);
    await stage.later();
    stage.add('a');
    stage.add('b');
    await stage.later();
    assert.deepEqual(batches.map(idsOf), [['a', 'b']]);
    follower.leave();
    const { looks } = stage;
    stage.add('c');
    await stage.later();
    assert.deepEqual([stage.looks, batches.length], [looks, 1]);
  });

  test('goes on behind the number that he had', async (t) => {
    const stage = new Stage(t);
    for (const id of ['a', 'b', 'c']) stage.add(id);
    const [last] = await stage.watch.recent({}, 1);
    const batches: RequestBatch[] = [];
    await stage.watch.follow({}, last!.number - 1, (batch) => batches.push(batch) > 0);
    assert.deepEqual(batches.map(idsOf), [['c']]);
    assert.equal(batches[0]?.position, 3);
  });

  test('reads at his own pace and misses nothing that is still there', async (t) => {
    const stage = new Stage(t);
    const batches: RequestBatch[] = [];
    const slow = await stage.watch.follow({}, null, (batch) => batches.push(batch) < 0);
    for (const id of ['a', 'b', 'c']) {
      stage.add(id);
      await stage.later();
    }
    assert.deepEqual(batches.map(idsOf), [['a']]);
    slow.resume();
    assert.deepEqual(batches.map(idsOf), [['a'], ['b', 'c']]);
  });

  test('is told what nobody could keep, and what was gone when he came back', async (t) => {
    const stage = new Stage(t);
    const batches: RequestBatch[] = [];
    await stage.watch.follow({ text: 'nothing like it' }, null, (batch) => batches.push(batch) > 0);
    for (let i = 0; i < 700; i += 1) stage.add(String(i));
    await stage.later();
    assert.deepEqual(
      batches.map(({ requests, missed }) => [requests.length, missed]),
      [[0, 200]],
    );
    for (let round = 0; round <= (HISTORY_LENGTH * 2) / 400; round += 1) {
      for (let i = 0; i < 400; i += 1) stage.add('x');
      await stage.later();
    }
    const late: RequestBatch[] = [];
    await stage.watch.follow({ text: 'nothing like it' }, 0, (batch) => late.push(batch) > 0);
    assert.equal(late[0]?.missed, HISTORY_LENGTH);
  });
});
