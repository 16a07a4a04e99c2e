// What the domain filter costs with a million names: a look-up, an entry, reading the file, and what a reload does to the thread that
// serves. Run: node bench/domain-filter.ts [--json]
// Rule: what is measured has a process of its own, in which there is nothing but the lists; CPU time, for others use the machine too.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DomainFilter } from '../src/services/domains/domain-filter.ts';
import { DomainLists } from '../src/services/domains/domain-lists.ts';
import { DomainSet } from '../src/services/domains/domain-set.ts';
import { type DomainFigures, domainTable } from './harness/domain-figures.ts';
import { hostNames, MILLION } from './harness/domain-names.ts';
import { asText } from './harness/table.ts';

const ASKED = 200_000;
const RELOADS = 8;
/** Far apart in the list, so that no look-up finds in the caches what the one before has left. */
const STEP = 7919;

/** How the names are written: for themselves alone, or with all that is below. */
const KINDS: Readonly<Record<string, (name: string) => string>> = {
  'hosts file': (name) => `0.0.0.0 ${name}`,
  '||name^': (name) => `||${name}^`,
};

/** The files that a measurement needs. */
function writeFiles(folder: string, write: (name: string) => string): void {
  const names = hostNames(MILLION);
  const lines = names.map(write).join('\n');
  for (const list of ['a', 'b']) writeFileSync(join(folder, `${list}.txt`), `${lines}\n# ${list}\n`);
  const listed = Array.from({ length: ASKED }, (_, index) => names[(index * STEP) % names.length] ?? '');
  writeFileSync(join(folder, 'listed.txt'), listed.join('\n'));
  writeFileSync(join(folder, 'others.txt'), listed.map((name) => `www.${name.slice(1)}`).join('\n'));
}

/** Nanoseconds of CPU time for one. The texts come anew each time, as they do from the heads of requests. */
function costOf(filter: DomainFilter, file: string): number {
  let best = Infinity;
  for (let round = 0; round < 5; round += 1) {
    const hosts = readFileSync(file, 'latin1')
      .split('\n')
      .map((host) => Buffer.from(host).toString('latin1'));
    const before = process.threadCpuUsage();
    for (const host of hosts) filter.lets(host);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / hosts.length);
  }
  return best;
}

/** Resident, when nothing is left to be collected. */
async function residentBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await pause(20);
  }
  return process.memoryUsage().rss;
}

interface Reload {
  /** Of the thread: what it takes on a machine that has nothing else to do, for it turns all the time. */
  readonly cpuMs: number;
  /** The most from one turn of the event loop to the next. */
  readonly turnMs: number;
}

async function reloaded(work: () => Promise<unknown>): Promise<Reload> {
  const begun = process.threadCpuUsage();
  let longest = 0;
  let isOver = false;
  let last = process.threadCpuUsage();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work();
  isOver = true;
  const { user, system } = process.threadCpuUsage(begun);
  return { cpuMs: (user + system) / 1000, turnMs: longest };
}

async function measure(kind: string, folder: string): Promise<DomainFigures> {
  const [a, b] = [join(folder, 'a.txt'), join(folder, 'b.txt')];
  const lists = new DomainLists();
  const before = await residentBytes();
  const memory = (await lists.read([a])).get(a);
  const bytesPerEntry = ((await residentBytes()) - before) / MILLION;
  if (memory === undefined) throw new Error('nothing was read');
  const set = new DomainSet(memory);
  const filter = new DomainFilter({ mode: 'blocklist', sources: [{ name: a, from: 'line', set }] });
  const reloads: Reload[] = [];
  for (let reload = 0; reload < RELOADS; reload += 1) {
    reloads.push(await reloaded(() => lists.read([reload % 2 === 0 ? b : a])));
  }
  const afterReloadsMiB = (process.memoryUsage().rss - before) / 1024 / 1024;
  const loadMs = Math.min(...reloads.map(({ cpuMs }) => cpuMs));
  const turnMs = Math.max(...reloads.map((reload) => reload.turnMs));
  const listedNs = costOf(filter, join(folder, 'listed.txt'));
  const otherNs = costOf(filter, join(folder, 'others.txt'));
  return { kind, listedNs, otherNs, bytesPerEntry, loadMs, turnMs, afterReloadsMiB };
}

function measureApart(kind: string, write: (name: string) => string): DomainFigures {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-domains-'));
  try {
    writeFiles(folder, write);
    const args = ['--expose-gc', import.meta.filename, kind, folder];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as DomainFigures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [first, folder] = process.argv.slice(2);
if (first !== undefined && folder !== undefined) {
  console.log(JSON.stringify(await measure(first, folder)));
} else {
  const figures = Object.entries(KINDS).map(([kind, write]) => measureApart(kind, write));
  console.log(first === '--json' ? JSON.stringify(figures) : asText(domainTable(figures)));
}
