// What process.nextTick() costs after the heap has been collected, with and without a tick that is held.
// Run it alone: node --expose-gc bench/next-tick.ts

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { holdTickShape } from '../src/transport/tick-shape.ts';

const TICKS = 500_000;
const COLLECTIONS = 6;

function nanosPerTick(): Promise<number> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let left = TICKS;
    const next = (): void => {
      left -= 1;
      if (left > 0) process.nextTick(next);
      else resolve(((performance.now() - startedAt) * 1e6) / TICKS);
    };
    next();
  });
}

async function collectAll(): Promise<void> {
  for (let time = 0; time < COLLECTIONS; time += 1) {
    await new Promise(setImmediate);
    globalThis.gc?.();
  }
}

async function measure(name: string): Promise<void> {
  const before = await nanosPerTick();
  await collectAll();
  const after = await nanosPerTick();
  console.log(
    `${name.padEnd(16)} before ${before.toFixed(0).padStart(5)} ns, after collections ${after.toFixed(0).padStart(5)} ns`,
  );
}

if (globalThis.gc === undefined) throw new Error('run it with --expose-gc');
if (process.argv[2] === 'held') {
  await holdTickShape();
  await measure('one tick held');
} else {
  await measure('none held');
  await once(fork(import.meta.filename, ['held']), 'exit');
}
