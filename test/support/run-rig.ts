// Real programs for tests, run by a supervisor of their own. Rule: whatever a test leaves running is gone when it has ended.
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SluiceError } from '../../src/core/errors.ts';
import { findMarked, listProcesses, type ProcessEntry } from '../../src/services/processes/process-table.ts';
import { ProcessSupervisor } from '../../src/services/processes/process-supervisor.ts';
import type { RunEnd, RunEvents, RunningProcess, RunSpec } from '../../src/services/processes/run-spec.ts';

export interface Ran {
  readonly run: RunningProcess;
  /** What has come so far. */
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  readonly ended: Promise<RunEnd>;
  /** Resolves when that stands in the output. */
  says(text: string): Promise<void>;
}

export function supervisorFor(t: TestContext, ledgerFolder: string | null = null): ProcessSupervisor {
  const supervisor = new ProcessSupervisor({ ledgerFolder });
  t.after(() => supervisor.close());
  return supervisor;
}

const SHORT_LADDER: RunSpec['stopLadder'] = [
  { signal: 'SIGTERM', waitMs: 100 },
  { signal: 'SIGKILL', waitMs: 0 },
];

export function runSpec(file: string, args: readonly string[], more: Partial<RunSpec> = {}): RunSpec {
  const env = { PATH: '/usr/bin:/bin' };
  return { file, args, env, cwd: '/', stdin: 'closed', timeoutMs: 0, stopLadder: SHORT_LADDER, ...more };
}

export function runIn(supervisor: ProcessSupervisor, spec: RunSpec, more: Partial<RunEvents> = {}): Ran {
  const { promise: ended, resolve, reject } = Promise.withResolvers<RunEnd>();
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const heard = (): void => {
    for (const look of waiting) look();
  };
  const run = supervisor.start(spec, {
    started: () => {},
    failed: (error: SluiceError) => reject(error),
    stdout: (bytes) => {
      stdout.push(bytes);
      heard();
    },
    stderr: (bytes) => void stderr.push(bytes),
    ended: resolve,
    ...more,
  });
  const says = (text: string): Promise<void> => {
    const { promise, resolve: found } = Promise.withResolvers<void>();
    const look = (): void => {
      if (Buffer.concat(stdout).includes(text)) found();
    };
    waiting.push(look);
    look();
    return promise;
  };
  return { run, stdout, stderr, ended, says };
}

/** By /bin/sh, of which a script says what happens in the fewest words. */
export function shell(t: TestContext, script: string, more: Partial<RunSpec> = {}): Ran {
  return runIn(supervisorFor(t), runSpec('/bin/sh', ['-c', script], more));
}

export function marked(id: string): ProcessEntry[] {
  return findMarked(id, listProcesses());
}

/** Looks again and again: what another process does tells nobody. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}
