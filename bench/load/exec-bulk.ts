// How long a command takes to get 100 MB of text through: PORT RUNS FOLDER. One command after the other.
// Rule: prints one line of JSON; the time is that of the whole command.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../harness/statistics.ts';
import { BIG, starterAt } from './exec-command.ts';

const BYTES = 100_000_000;
const LINE = 'a line of text such as programs print, with a number or two: 42, 4711\n';

const [port = '0', runs = '1', folder = ''] = process.argv.slice(2);
const file = join(folder, 'output.txt');
writeFileSync(file, Buffer.alloc(BYTES, LINE));
const start = await starterAt(Number(port));
const times: number[] = [];
let errors = 0;
const startedAt = performance.now();
for (let i = 0; i < Number(runs); i += 1) {
  const { totalMs, isWell } = await start(BIG, [file]);
  if (isWell) times.push(totalMs);
  else errors += 1;
}
times.sort((a, b) => a - b);
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ units: (times.length * BYTES) / 1e6, errors, seconds, p50Ms: percentile(times, 50) }));
