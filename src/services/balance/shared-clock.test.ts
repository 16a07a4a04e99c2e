import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { sharedNow } from './shared-clock.ts';

test('the clock says the same in a thread that began later', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { sharedNow } from ${JSON.stringify(new URL('shared-clock.ts', import.meta.url).href)};
    parentPort.postMessage(sharedNow());
  `;
  const before = sharedNow();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [there] = (await once(worker, 'message')) as [number];
  const after = sharedNow();
  await worker.terminate();
  // The offset is measured in either thread; a thousandth of a millisecond may lie between the two measurements.
  assert.ok(before - 1 <= there && there <= after + 1, `${before} ≤ ${there} ≤ ${after}`);
});
