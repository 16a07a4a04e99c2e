// Monotonic milliseconds that mean the same in every thread of the process, for times that are kept in shared memory.
// Rule: `performance.now()` counts from the start of its own thread; the offset to the system's clock is taken once, between two
// readings that are close together, for a thread may be put to sleep between any two.

const TRIES = 20;

const offsetMs = offset();

export function sharedNow(): number {
  return performance.now() + offsetMs;
}

function offset(): number {
  let closest = { apartMs: Infinity, offsetMs: 0 };
  for (let turn = 0; turn < TRIES; turn += 1) {
    const beforeMs = performance.now();
    const systemMs = Number(process.hrtime.bigint()) / 1e6;
    const afterMs = performance.now();
    const apartMs = afterMs - beforeMs;
    if (apartMs < closest.apartMs) closest = { apartMs, offsetMs: systemMs - (beforeMs + afterMs) / 2 };
  }
  return closest.offsetMs;
}
