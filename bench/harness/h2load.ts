// HTTP/2 load from h2load.
// Rule: percentiles are taken from its log of single requests, since its own summary has none.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from './processes.ts';
import { percentile } from './statistics.ts';
import type { Load, WrkOptions } from './wrk.ts';

interface H2loadOptions extends WrkOptions {
  readonly streams: number;
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`h2load said something unexpected: ${output.trim().slice(-300)}`);
  return Number(found);
}

/** Each line: start in µs, status, time taken in µs. */
function latenciesMs(logFile: string): number[] {
  const lines = readFileSync(logFile, 'latin1').trimEnd().split('\n');
  return lines.map((line) => Number(line.slice(line.lastIndexOf('\t') + 1)) / 1000).sort((a, b) => a - b);
}

export async function runH2load(url: string, options: H2loadOptions): Promise<Load> {
  const logFile = join(options.dir, 'h2load.tsv');
  rmSync(logFile, { force: true }); // it appends
  const output = await runProcess(
    [
      'h2load',
      '-t1',
      `-c${options.connections}`,
      `-m${options.streams}`,
      '-D',
      String(options.seconds),
      `--log-file=${logFile}`,
      url,
    ],
    options.cpus,
    (options.seconds + 20) * 1000,
  );
  const sorted = latenciesMs(logFile);
  const requests = numberIn(output, /(\d+) 2xx/);
  return {
    requests,
    bytes: numberIn(output, /\((\d+)\) total/),
    seconds: options.seconds,
    errors: numberIn(output, /(\d+) done/) - requests,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
  };
}
