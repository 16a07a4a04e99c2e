// What a run leaves behind, as kept in bench/results and read by the report.
import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import type { Sample } from '../cases/case.ts';
import type { DomainFigures } from './domain-figures.ts';

export interface Row {
  readonly label: string;
  readonly peer: string;
  /** Medians over the rounds; absent when the peer did not get that far. */
  readonly result?: Sample;
  readonly samples: readonly Sample[];
  /** Why there is no result. */
  readonly note?: string;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly cost: string;
  readonly baseline: string;
  readonly rows: readonly Row[];
}

export interface RunResult {
  readonly date: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly kernel: string; readonly node: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: { readonly seconds: number; readonly rounds: number };
  readonly cases: readonly CaseResult[];
  /** Of a run of all cases. */
  readonly domains?: readonly DomainFigures[];
}

function currentCommit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  try {
    const changed = git('status', '--porcelain', '--', '../../src', '../../bin') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown'; // not a checkout
  }
}

export function describeRun(): Pick<RunResult, 'date' | 'commit' | 'machine'> {
  return {
    date: new Date().toISOString(),
    commit: currentCommit(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      kernel: `Linux ${release()}`,
      node: process.version,
    },
  };
}

/** What the row costs, as a multiple of what the case's baseline costs. */
export function ratioToBaseline(result: CaseResult, row: Row): number | undefined {
  return costRatio(
    row,
    result.rows.find(({ label }) => label === result.baseline),
  );
}

export function costRatio(row: Row | undefined, to: Row | undefined): number | undefined {
  if (row?.result === undefined || to?.result === undefined || to.result.cost <= 0) return undefined;
  return row.result.cost / to.result.cost;
}
