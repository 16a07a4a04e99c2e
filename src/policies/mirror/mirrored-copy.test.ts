import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Aside, AsideEvents } from '../../contract/aside.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import type { MirrorOutcome } from './mirror.ts';
import { MirroredCopy } from './mirrored-copy.ts';

const TARGET: ForwardTarget = { kind: 'forward', select: () => null };
const REQUEST = { method: 'POST', target: '/', authority: 'a', fields: [], bodyLength: -1, timeoutMs: 1 };

/** A copy with what has been done to its request, and how it has ended. */
function begun(failsAtOnce = false): { copy: MirroredCopy; done: string[]; outcomes: MirrorOutcome[] } {
  const done: string[] = [];
  const outcomes: MirrorOutcome[] = [];
  const aside: Aside = {
    write: (_, from, to) => done.push(String(to - from)) > 0,
    end: () => done.push('end'),
    cancel: () => done.push('cancel'),
  };
  const exchange = {
    aside: (_target: ForwardTarget, _request: unknown, events: AsideEvents) => {
      if (failsAtOnce) events.failed(new Error('refused') as never);
      return aside;
    },
  } as unknown as Exchange;
  const copy = new MirroredCopy(5, (outcome) => outcomes.push(outcome));
  copy.begin(exchange, TARGET, REQUEST);
  return { copy, done, outcomes };
}

const BYTES = new Uint8Array(6);

test('a copy takes the body as it comes, and ends once', () => {
  const { copy, done, outcomes } = begun();
  copy.write(BYTES, 0, 3);
  copy.write(BYTES, 0, 2);
  copy.complete();
  copy.cut();
  assert.deepEqual([done, outcomes], [['3', '2', 'end'], []]);
  copy.end();
  copy.failed();
  assert.deepEqual(outcomes, ['answered']);
});

test('a copy of which there is too much is given up, and so is one that will not be whole', () => {
  const large = begun();
  large.copy.write(BYTES, 0, 3);
  large.copy.write(BYTES, 0, 3);
  large.copy.write(BYTES, 0, 3);
  large.copy.complete();
  assert.deepEqual([large.done, large.outcomes], [['3', 'cancel'], ['too_large']]);
  const cut = begun();
  cut.copy.cut();
  assert.deepEqual([cut.done, cut.outcomes], [['cancel'], ['cut']]);
});

test('a copy that has failed takes nothing more', () => {
  for (const isAtOnce of [true, false]) {
    const { copy, done, outcomes } = begun(isAtOnce);
    if (!isAtOnce) copy.failed();
    copy.write(BYTES, 0, 3);
    copy.complete();
    copy.cut();
    assert.deepEqual([done, outcomes], [[], ['failed']]);
  }
});
