// Micro-bench of the timer wheel: what a request pays for its timeouts, next to Node's own timers and the plain clock.
// Run it alone: node bench/timers.ts

import { Deadline, TimerWheel } from '../src/transport/timers.ts';

const CONNECTIONS = 1000;
const ROUNDS = 2000;

const wheel = new TimerWheel();
const deadlines = Array.from({ length: CONNECTIONS }, () => new Deadline(() => {}));
const timers = deadlines.map(() => setTimeout(() => {}, 60_000).unref());

function measure(name: string, body: (index: number) => void): void {
  let best = Infinity;
  for (let run = 0; run < 5; run += 1) {
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let index = 0; index < CONNECTIONS; index += 1) body(index);
    }
    best = Math.min(best, performance.now() - startedAt);
  }
  console.log(`${name.padEnd(44)} ${((best * 1e6) / (CONNECTIONS * ROUNDS)).toFixed(1).padStart(8)} ns`);
}

measure('wheel: arm again, later', (index) => wheel.arm(deadlines[index]!, 30_000));
measure('wheel: disarm and arm again', (index) => {
  wheel.disarm(deadlines[index]!);
  wheel.arm(deadlines[index]!, 30_000);
});
measure('wheel: arm a short and a long one in turn', (index) => {
  wheel.arm(deadlines[index]!, 1000);
  wheel.arm(deadlines[index]!, 30_000);
});
measure('wheel: release and arm', (index) => {
  wheel.release(deadlines[index]!);
  wheel.arm(deadlines[index]!, 30_000);
});
measure('wheel: now()', () => void wheel.now());
measure('wheel: httpDate()', () => void wheel.httpDate());
measure('Node: timeout.refresh()', (index) => void timers[index]!.refresh());
measure('Node: performance.now()', () => void performance.now());
measure('Node: Date.now()', () => void Date.now());

for (const deadline of deadlines) wheel.release(deadline);
for (const timer of timers) clearTimeout(timer);
