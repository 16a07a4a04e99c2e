// Every process that a run of the tests has started, however deep, told by a mark in its environment. Rule: works where
// there is a /proc; elsewhere none is found, and nothing is ended.
import { readdirSync, readFileSync } from 'node:fs';

/** Tests inherit it, and so does nearly everything that they start. */
export const RUN_MARK = 'SLUICE_TEST_RUN';

export interface RunProcess {
  readonly pid: number;
  readonly command: string;
}

/** Those that carry this mark and run now, but for ourselves. */
export function findRunProcesses(mark: string): RunProcess[] {
  return processIds().flatMap((pid) => {
    const environment = readLines(pid, 'environ');
    if (pid === process.pid || !environment.includes(`${RUN_MARK}=${mark}`)) return [];
    return [{ pid, command: readLines(pid, 'cmdline').join(' ').trim() }];
  });
}

/** Ends them at once and returns them, so that somebody can be told. */
export function endRunProcesses(mark: string): RunProcess[] {
  return findRunProcesses(mark).filter(({ pid }) => {
    try {
      return process.kill(pid, 'SIGKILL');
    } catch {
      return false;
    }
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function readLines(pid: number, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
