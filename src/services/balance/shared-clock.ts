// Monotonic milliseconds that mean the same in every thread of the process, for times that are kept in shared memory.
// Rule: `performance.now()` counts from the start of its own thread; the offset to the system's clock is taken once.

const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function sharedNow(): number {
  return performance.now() + offsetMs;
}
