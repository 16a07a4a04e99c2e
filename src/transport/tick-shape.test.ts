import assert from 'node:assert/strict';
import { executionAsyncResource } from 'node:async_hooks';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, Script } from 'node:vm';
import { heldTick, holdTickShape } from './tick-shape.ts';

type HaveSameShape = (one: object, other: object) => boolean;

/** Only V8 itself can tell. */
function openNatives(t: TestContext): { collect: () => void; haveSameShape: HaveSameShape } {
  for (const flag of ['expose-gc', 'allow-natives-syntax']) {
    setFlagsFromString(`--${flag}`);
    t.after(() => setFlagsFromString(`--no-${flag}`));
  }
  const haveSameShape = new Script('(one, other) => %HaveSameMap(one, other)').runInThisContext() as HaveSameShape;
  return { collect: runInNewContext('gc') as () => void, haveSameShape };
}

function tick(): Promise<object> {
  return new Promise((resolve) => process.nextTick(() => resolve(executionAsyncResource())));
}

test('ticks have the same shape after collections as before them', async (t) => {
  await holdTickShape();
  const { collect, haveSameShape } = openNatives(t);
  for (let time = 0; time < 5; time++) {
    await new Promise(setImmediate);
    collect();
  }
  assert.ok(haveSameShape(heldTick()!, await tick()));
});

test('one tick is held, whoever asks again', async () => {
  await holdTickShape();
  const first = heldTick();
  await holdTickShape();
  assert.equal(heldTick(), first);
});
