// The program that outlives us by a moment: it knows the runs of one Sluice, sweeps up after each on request, and kills them all when
// Sluice is gone, however that came about. Started by warden-link.ts. Rule: it holds the read end of a pipe whose other end only
// Sluice has, so that the system itself tells it; nothing that ends a group or a terminal ends it.
import process from 'node:process';
import { onLines } from './line-reader.ts';
import { findMembers, listProcesses, nameOf, type Traces } from './process-table.ts';
import { forgetInstance } from './run-ledger.ts';
import { sweep, sweepMarked } from './sweep.ts';

interface Run extends Traces {
  readonly seen: Set<string>;
}

/** How often it looks who belongs to the runs: what starts something and ends leaves no trace of that but in memory. */
const LOOK_MS = 1000;

const runs = new Map<string, Run>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGPIPE', 'SIGHUP'] as const) process.on(signal, () => {});
// Nobody listens any more: that is no reason to stop.
process.stdout.on('error', () => {});

/**
 * `lead ID PID TICKS`: there is such a run. Answered: `look`, `kill` and `sweep`, with the same words behind them; after `sweep`, which also
 * says whether the run is `young`, it is over.
 */
async function hear(line: string): Promise<void> {
  const [word = '', id = '', pid = '0', ticks = '0', age = ''] = line.split(' ');
  const told = { id, pid: Number(pid), startTicks: Number(ticks), isYoung: age === 'young', seen: new Set<string>() };
  const run = { ...told, seen: runs.get(id)?.seen ?? told.seen };
  if (word === 'lead') runs.set(id, run);
  else await answer(word, run);
}

async function answer(word: string, run: Run): Promise<void> {
  if (word === 'look') {
    runs.set(run.id, run);
    look([run]);
  } else await sweep([run]);
  if (word === 'sweep') runs.delete(run.id);
  process.stdout.write(`${word} ${run.id}\n`);
}

function look(all: readonly Run[]): void {
  const table = listProcesses();
  for (const run of all) for (const entry of findMembers(run, table)) run.seen.add(nameOf(entry));
}

async function abandoned(): Promise<void> {
  const [, , instance = '', file] = process.argv;
  await sweep([...runs.values()]);
  // Whatever nobody has told of yet.
  if (instance !== '') await sweepMarked(`${instance}-`);
  if (file !== undefined) forgetInstance(file);
  process.exit(0);
}

onLines(process.stdin, (line) => void hear(line));
process.stdin.on('close', () => void abandoned());
setInterval(() => {
  if (runs.size > 0) look([...runs.values()]);
}, LOOK_MS);
