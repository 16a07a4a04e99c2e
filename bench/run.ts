// npm run bench -- [case…] [--peers a,b] [--seconds N] [--rounds N] [--json FILE] [--quick]
// Compares Sluice with the proxies that are installed. Rule: nothing that it starts outlives it.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificate } from '../test/support/pki.ts';
import type { Case } from './cases/case.ts';
import { cases } from './cases/catalogue.ts';
import { startAiProvider, startBackend, startEcho } from './harness/backend.ts';
import { runContest, type ContestSettings } from './harness/contest.ts';
import { type DomainFigures, domainTable } from './harness/domain-figures.ts';
import { judge } from './harness/goals.ts';
import { killEverythingStarted } from './harness/processes.ts';
import { describeRun, type CaseResult, type RunResult } from './harness/results.ts';
import { asText, tableOf } from './harness/table.ts';
import { peers } from './peers/catalogue.ts';
import { isInstalled, type Peer } from './peers/peer.ts';

const QUICK_PEERS = ['sluice', 'nginx', 'http-proxy'];

interface Choice {
  readonly cases: readonly Case[];
  readonly peers: readonly Peer[];
  readonly seconds: number;
  readonly rounds: number;
  readonly json: string;
  /** All cases, and not in a hurry: what is measured by itself is measured too. */
  readonly isWhole: boolean;
}

const usage = `npm run bench -- [case…] [--peers a,b] [--seconds N] [--rounds N] [--json FILE] [--quick]

cases: ${cases.map(({ name }) => name).join(' ')}
peers: ${peers.map(({ name }) => name).join(' ')}
--quick takes about two minutes: one round of one second, with ${QUICK_PEERS.join(', ')}`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function choose<T extends { readonly name: string }>(kind: string, all: readonly T[], names: readonly string[]): T[] {
  for (const name of names) if (!all.some((item) => item.name === name)) fail(`there is no ${kind} "${name}"`);
  return all.filter((item) => names.includes(item.name));
}

/** wrk takes whole seconds only. */
function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${option} wants a whole number above 0, not "${text}"`);
  return value;
}

const argumentRules = {
  allowPositionals: true,
  options: {
    peers: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
} as const;

function readArguments(): ReturnType<typeof parseArgs<typeof argumentRules>> {
  try {
    return parseArgs(argumentRules);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function readChoice(): Choice {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const peerNames = values.peers?.split(',') ?? (values.quick ? QUICK_PEERS : peers.map(({ name }) => name));
  const fileName = `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
  return {
    cases: positionals.length === 0 ? cases : choose('case', cases, positionals),
    peers: choose('peer', peers, peerNames),
    seconds: positive('seconds', values.seconds ?? (values.quick ? '1' : '2')),
    rounds: positive('rounds', values.rounds ?? (values.quick ? '1' : '3')),
    isWhole: positionals.length === 0 && !values.quick,
    json: values.json ?? join(import.meta.dirname, 'results', fileName),
  };
}

/** The proxy has the last core for itself; with a single core there is nothing to divide. */
function divideCores(): { proxyCpus: string | null; loadCpus: string | null } {
  const cores = availableParallelism();
  if (cores < 2) return { proxyCpus: null, loadCpus: null };
  return { proxyCpus: String(cores - 1), loadCpus: cores === 2 ? '0' : `0-${cores - 2}` };
}

function requireTools(): void {
  if (process.platform !== 'linux') fail('the bench reads /proc and pins processes, which only Linux has');
  const missing = ['wrk', 'h2load', 'nginx', 'openssl', 'taskset', 'setpriv'].filter((tool) => !isInstalled(tool));
  if (missing.length > 0)
    fail(`missing here: ${missing.join(', ')}; try apt-get install wrk nghttp2-client nginx openssl`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

async function runAll(choice: Choice, dir: string): Promise<CaseResult[]> {
  const { proxyCpus, loadCpus } = divideCores();
  const backend = await startBackend(dir, loadCpus);
  const echo = await startEcho(dir, loadCpus);
  const provider = await startAiProvider(dir, loadCpus);
  const backendOf = ({ door }: Case): number => (door === 'websocket' ? echo : door === 'ai' ? provider : backend).port;
  const settings: ContestSettings = {
    dir,
    proxyCpus,
    loadCpus,
    seconds: choice.seconds,
    rounds: choice.rounds,
    report: progress,
    backendPort: backend.port,
    certificate: makeCertificate(dir),
    peers: new Map(choice.peers.map((peer) => [peer.name, peer])),
  };
  const results: CaseResult[] = [];
  for (const subject of choice.cases) {
    const contestants = subject.contestants.filter(({ peer }) => settings.peers.has(peer));
    if (contestants.length === 0) continue;
    const result = await runContest(subject, contestants, { ...settings, backendPort: backendOf(subject) });
    results.push(result);
    progress('');
    console.log(`${result.title} (${result.name})\n${asText(tableOf(result))}\n`);
  }
  await Promise.all([backend.stop(), echo.stop(), provider.stop()]);
  return results;
}

function measureDomains(): DomainFigures[] {
  const file = join(import.meta.dirname, 'domain-filter.ts');
  const figures = JSON.parse(execFileSync(process.execPath, [file, '--json'], { encoding: 'utf8' })) as DomainFigures[];
  console.log(`The domain filter\n${asText(domainTable(figures))}\n`);
  return figures;
}

async function main(): Promise<void> {
  const choice = readChoice();
  // Debian keeps servers where only root looks by default.
  process.env['PATH'] = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
  requireTools();
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  chmodSync(dir, 0o755); // workers that give up root still have to read the backend's files
  process.once('exit', () => {
    killEverythingStarted();
    rmSync(dir, { recursive: true, force: true });
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(130));

  const versions: Record<string, string> = {};
  for (const peer of choice.peers) {
    const version = peer.findVersion();
    if (version === undefined) console.log(`without ${peer.name}, which is not installed here`);
    else versions[peer.name] = version;
  }
  const present = choice.peers.filter(({ name }) => versions[name] !== undefined);
  const about = describeRun();
  const results = await runAll({ ...choice, peers: present }, dir);

  const goals = judge(results);
  if (goals.rows.length > 0) console.log(`${asText(goals)}\n`);
  const { seconds, rounds } = choice;
  const domains = choice.isWhole ? { domains: measureDomains() } : {};
  const run: RunResult = { ...about, versions, settings: { seconds, rounds }, cases: results, ...domains };
  mkdirSync(dirname(choice.json), { recursive: true });
  writeFileSync(choice.json, `${JSON.stringify(run, null, 2)}\n`);
  console.log(`kept in ${choice.json}; "node bench/report.ts ${choice.json}" writes docs/performance.md from it`);
}

await main();
