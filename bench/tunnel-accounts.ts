// What accounts and clients of the tunnel server cost: how long a connect takes with a million accounts, what an idle client takes of memory,
// and how long it takes until all are back when the server was killed. The bars: p99 under 20 ms, at most 40 KiB, under 30 s.
//   node bench/tunnel-accounts.ts [ACCOUNTS]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { hash, randomBytes } from 'node:crypto';
import { TunnelAccountFile } from '../src/state/tunnel-accounts.ts';
import { findFreePorts } from './harness/processes.ts';

const ACCOUNTS = Number(process.argv[2] ?? 1_000_000);
const CONNECTS = 5_000;
const IDLE = 10_000;
const STORM = 2_000;
const SETTLE_MS = 50_000;
const TICKS_PER_SECOND = 100;
const KIB = 1024;

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const dataDir = join(folder, 'data');
mkdirSync(dataDir);
const tokensFile = join(folder, 'tokens');
const [port = 0, gateway = 0] = await findFreePorts(2);
const program = join(dirname(import.meta.dirname), 'bin', 'sluice');

function makeAccounts(): void {
  const file = join(dataDir, 'tunnels.db');
  new TunnelAccountFile(file).close();
  const database = new DatabaseSync(file);
  const insert = database.prepare('INSERT INTO accounts VALUES (?, ?, ?, ?, ?, NULL, NULL)');
  const every = Math.floor(ACCOUNTS / IDLE);
  const tokens: string[] = [];
  database.exec('BEGIN');
  for (let i = 0; i < ACCOUNTS; i++) {
    const tokenId = randomBytes(8).toString('hex');
    const secret = randomBytes(24).toString('hex');
    insert.run(randomBytes(8).toString('hex'), `user-${i}@example.com`, 1, tokenId, hash('sha256', secret, 'hex'));
    if (i % every === 0 && tokens.length < IDLE) tokens.push(`slc_${tokenId}_${secret}`);
  }
  database.exec('COMMIT');
  database.close();
  writeFileSync(tokensFile, tokens.join('\n'));
  console.log(`${ACCOUNTS} accounts, ${Math.round(statSync(file).size / KIB / KIB)} MiB`);
}

async function startServer(): Promise<ChildProcess> {
  const config = {
    process: { data_dir: dataDir, shutdown_grace: '1s' },
    log: { level: 'warn', access: false },
    limits: { connections: 16_000 },
    gateway: { listen: `127.0.0.1:${gateway}` },
    egress: { listen: null },
    admin: { listen: null },
    metrics: { listen: null },
    tunnels: { server: { enabled: true, listen: `127.0.0.1:${port}` } },
  };
  writeFileSync(join(folder, 'sluice.json'), JSON.stringify(config));
  const child = spawn(process.execPath, [program, 'up', '-c', join(folder, 'sluice.json')], { stdio: 'pipe' });
  let said = '';
  for await (const part of child.stderr) {
    said += String(part);
    if (/Gateway\s+http/.test(said)) {
      child.stderr.resume();
      return child;
    }
  }
  throw new Error(`it did not start: ${said}`);
}

interface Clients {
  /** What they say when all are there. */
  next(): Promise<Readonly<Record<string, number>>>;
  end(): Promise<void>;
}

function startClients(count: number, concurrent: number): Clients {
  const script = join(import.meta.dirname, 'load', 'tunnel-clients.ts');
  const args = [script, String(port), tokensFile, String(count), String(concurrent)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => JSON.parse(String((await lines.next()).value)) as Record<string, number>,
    end: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Ends what was started here, by its own id. */
async function kill(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  child.kill(name);
  await once(child, 'exit');
}

function cpuSeconds({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentKib({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}

function say(what: string, figures: Readonly<Record<string, number>>): void {
  const parts = Object.entries(figures).filter(([, value]) => typeof value === 'number');
  console.log(`${what}: ${parts.map(([key, value]) => `${key} ${Math.round(value * 100) / 100}`).join(', ')}`);
}

makeAccounts();
try {
  let server = await startServer();
  for (const concurrent of [1, 32]) {
    const clients = startClients(CONNECTS, concurrent);
    say(`connects, ${concurrent} at once`, await clients.next());
    await clients.end();
    await pause(1_000);
  }
  await kill(server, 'SIGTERM');

  server = await startServer();
  const before = residentKib(server);
  const idle = startClients(IDLE, 64);
  say('idle clients', await idle.next());
  await pause(SETTLE_MS);
  const cpuBefore = cpuSeconds(server);
  const withClients = residentKib(server);
  await pause(SETTLE_MS / 2);
  say('memory', { kibEach: (withClients - before) / IDLE, mib: withClients / KIB, beforeMib: before / KIB });
  say('processor while idle', { percent: ((cpuSeconds(server) - cpuBefore) / (SETTLE_MS / 2000)) * 100 });
  await idle.end();
  await kill(server, 'SIGTERM');

  server = await startServer();
  const storm = startClients(STORM, 64);
  say('storm, before', await storm.next());
  await kill(server, 'SIGKILL');
  await pause(2_000);
  server = await startServer();
  const restartedAt = performance.now();
  const back = await storm.next();
  say('storm, all back', {
    ...back,
    afterRestartS: (performance.now() - restartedAt) / 1000,
    cpuS: cpuSeconds(server),
  });
  await storm.end();
  await kill(server, 'SIGTERM');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
