// What it costs to be looked at: CPU per proxied request of Sluice with the dashboard open in a real chromium and its live list running, to the same
// with nobody looking. The goal is 1.1 times at most. Rounds with and without take turns, for the machine is not the same all the time.
// Run it alone: node bench/dashboard.ts [--rounds N] [--seconds N] [--rate N]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { findCommand } from '../scripts/peers.ts';
import { Page } from '../test/support/browser.ts';
import { startBackend } from './harness/backend.ts';
import { cpuMicrosOf } from './harness/process-tree.ts';
import { findFreePorts, killEverythingStarted, runProcess, startProcess, untilListening } from './harness/processes.ts';
import { median } from './harness/statistics.ts';
import { runWrk } from './harness/wrk.ts';

const LAUNCHER = join(import.meta.dirname, '../bin/sluice');
const STEADY = join(import.meta.dirname, 'load/constant-rate.ts');
const TOKEN = 'slc_token-of-the-bench';
const GOAL = 1.1;
const CONNECTIONS = 20;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '1000' },
  },
});
const [rounds, seconds, rate] = [Number(values.rounds), Number(values.seconds), Number(values.rate)];

interface Place {
  readonly dir: string;
  readonly gateway: number;
  readonly admin: number;
  readonly pid: number;
}

type Load = (place: Place) => Promise<number>;

/** As much as goes through; resolves with how many requests that were. */
const full: Load = async ({ dir, gateway }) => {
  const options = { dir, cpus: null, connections: CONNECTIONS, seconds };
  return (await runWrk({ url: `http://127.0.0.1:${gateway}/small` }, options)).requests;
};

const steady: Load = async ({ gateway }) => {
  const command = [process.execPath, STEADY, String(gateway), String(CONNECTIONS), String(rate), String(seconds)];
  await runProcess(command, null, (seconds + 30) * 1000);
  return rate * seconds;
};

async function start(dir: string): Promise<Place> {
  const backend = await startBackend(dir, null);
  const [gateway = 0, admin = 0] = await findFreePorts(2);
  const config = {
    process: { workers: 1, data_dir: join(dir, 'data') },
    log: { access: false },
    admin: { listen: `127.0.0.1:${admin}`, token: TOKEN },
    metrics: { listen: null },
    egress: { listen: null },
    gateway: { listen: `127.0.0.1:${gateway}`, default_backend: `http://127.0.0.1:${backend.port}` },
  };
  writeFileSync(join(dir, 'sluice.json'), JSON.stringify(config));
  const command = [process.execPath, LAUNCHER, 'up', '-c', join(dir, 'sluice.json')];
  const sluice = startProcess(command, { name: 'sluice', dir, cpus: null, env: { HOME: dir, NODE_ENV: 'production' } });
  await untilListening(sluice, gateway);
  await untilListening(sluice, admin);
  return { dir, gateway, admin, pid: sluice.pid };
}

async function costOf(place: Place, load: Load): Promise<number> {
  const before = cpuMicrosOf(place.pid);
  const requests = await load(place);
  return (cpuMicrosOf(place.pid) - before) / requests;
}

async function compare(name: string, load: Load, place: Place, page: Page): Promise<void> {
  const away: number[] = [];
  const looking: number[] = [];
  await load(place);
  for (let round = 0; round < rounds; round += 1) {
    await page.goTo('about:blank');
    away.push(await costOf(place, load));
    await page.goTo(`http://127.0.0.1:${place.admin}/#t=${TOKEN}`);
    await page.shows('Sign out');
    await page.value(`void (location.hash = '#/traffic')`);
    await page.shows('live');
    looking.push(await costOf(place, load));
  }
  const shown = (all: readonly number[]): string =>
    `${median(all).toFixed(1)} µs (${all.map((one) => one.toFixed(1)).join(' ')})`;
  const ratio = median(looking) / median(away);
  console.log(`${name}\n  nobody looks   ${shown(away)}\n  live list open ${shown(looking)}`);
  console.log(`  ratio          ${ratio.toFixed(3)}, goal ${GOAL}: ${ratio <= GOAL ? 'kept' : 'missed'}\n`);
}

const chromium = findCommand('chromium');
if (chromium === undefined) throw new Error('chromium is not installed');
const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-dashboard-'));
const ends: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true }), killEverythingStarted];
try {
  const place = await start(dir);
  // The browser of the tests ends with a test; here with the bench.
  const page = await Page.open(
    { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext,
    chromium,
    [],
  );
  await compare(`${rate} requests/s`, steady, place, page);
  await compare('as many as go through', full, place, page);
} finally {
  for (const end of ends.toReversed()) await end();
}
