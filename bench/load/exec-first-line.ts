// How soon the first line of a command comes: PORT SECONDS. One command after the other.
// Rule: prints one line of JSON; the first commands of all warm up what is to be measured.
import { percentile } from '../harness/statistics.ts';
import { starterAt } from './exec-command.ts';

const WARM = 5;

const [port = 0, seconds = 0] = process.argv.slice(2).map(Number);
const start = await starterAt(port);
for (let i = 0; i < WARM; i += 1) await start('/bin/echo', ['hello']);
const latencies: number[] = [];
let errors = 0;
const startedAt = performance.now();
while (performance.now() - startedAt < seconds * 1000) {
  const { firstMs, isWell } = await start('/bin/echo', ['hello']);
  if (isWell) latencies.push(firstMs);
  else errors += 1;
}
latencies.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    units: latencies.length,
    errors,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  }),
);
