// Keeps process.nextTick() as fast as it was at the start, which node:http2, node:tls and all streams lean on. Each call makes
// an object of one shape, and V8 has compiled nextTick() for exactly that shape; when a collection of the whole heap meets
// no such object, it forgets the shape, and what was compiled takes the slow way for good: three times as long.
// Rule: one such object is held for the life of the thread; should Node ever make them differently, nothing is lost.
// bench/next-tick.ts: 3.0× per call, and about a twelfth of what a request by HTTP/2 costs.
import { executionAsyncResource } from 'node:async_hooks';

/** The object of a call of nextTick() that is over. */
let held: object | null = null;

/** Called once per thread, as early as may be; resolves when the object is held. */
export function holdTickShape(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(() => {
      held ??= executionAsyncResource();
      resolve();
    });
  });
}

/** For the test. */
export function heldTick(): object | null {
  return held;
}
