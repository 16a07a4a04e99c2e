// The numbers of a running program, as its door for metrics has them. Rule: read anew each time, summed over all series that fit.
import type { SluiceProcess } from './sluice-process.ts';

/** The sum of all series of that name whose labels include those given. */
export async function metricOf(
  sluice: SluiceProcess,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const page = await (await fetch(`${sluice.address('metrics')}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
