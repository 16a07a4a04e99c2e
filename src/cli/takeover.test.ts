import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sluice } from '../runtime/sluice.ts';
import { succession } from '../transport/port-sharing.ts';
import type { Predecessor } from './predecessor.ts';
import { beginTakeover } from './takeover.ts';

interface Stage {
  readonly said: string[];
  readonly end: () => void;
  readonly takeover: ReturnType<typeof beginTakeover>;
  readonly finish: () => Promise<void>;
}

function stage(letGo: () => Promise<boolean>): Stage {
  const said: string[] = [];
  let end = (): void => {};
  const predecessor = {
    pid: 7,
    version: '1',
    letGo: () => {
      said.push('lets go');
      return letGo();
    },
    whenGone: (then: () => void) => {
      end = then;
      return () => said.push('released');
    },
  } as unknown as Predecessor;
  const say = (what: string) => () => Promise.resolve(void said.push(what));
  const sluice = { succeed: say('succeeds'), inherit: say('inherits'), giveUp: say('gives up') } as unknown as Sluice;
  const log = (_fields: unknown, message: string): void => void said.push(message);
  const supervisor = {
    follow: (pid: number) => Promise.resolve(void said.push(`follows ${pid === process.pid ? 'us' : pid}`)),
    adopted: say('has adopted'),
  };
  const takeover = beginTakeover(predecessor, supervisor);
  const finish = (): Promise<void> => takeover.finish(sluice, { info: log, warn: log } as never);
  return { said, end: () => end(), takeover, finish };
}

test('a takeover ends when the other one has gone, and what it has left is found then', async () => {
  const { said, end, takeover, finish } = stage(() => Promise.resolve(true));
  assert.equal(succession.isUnderWay, true);
  await finish();
  assert.equal(succession.isUnderWay, true);
  end();
  takeover.release();
  assert.equal(succession.isUnderWay, false);
  const tookOver = 'took over from the Sluice that ran before';
  assert.deepEqual(said, ['follows us', 'lets go', 'succeeds', tookOver, 'has adopted', 'inherits', 'released']);
});

test('one that has ended by itself is no reason to stop', async () => {
  const { said, end, finish } = stage(() => Promise.resolve(false));
  await finish();
  end();
  assert.equal(said[3], 'the Sluice that ran before ended by itself meanwhile');
});

test('one that does not let go stays, and its doors are left to it', async () => {
  const { said, takeover, finish } = stage(() => Promise.reject(new Error('no')));
  await assert.rejects(finish(), /no/);
  takeover.abandon();
  assert.deepEqual([said, succession.isUnderWay], [['follows us', 'lets go', 'follows 7', 'gives up'], false]);
});
