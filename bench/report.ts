// node bench/report.ts [FILE] [--out PAGE]: writes docs/performance.md from a run that was kept, the newest by default.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { performancePage } from './harness/performance-page.ts';
import type { RunResult } from './harness/results.ts';

function newestRun(): string {
  const dir = join(import.meta.dirname, 'results');
  // Their names are times, so that the last by name is the newest.
  const newest = readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error('no run has been kept yet: npm run bench');
  return join(dir, newest);
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const file = positionals[0] ?? newestRun();
const page = values.out ?? join(import.meta.dirname, '../docs/performance.md');
writeFileSync(page, performancePage(JSON.parse(readFileSync(file, 'utf8')) as RunResult));
console.log(`${page}: written from ${file}`);
