// Tunnels from end to end: what a request costs server and client together, what one stream carries over a long way, and what a slow
// reader does to the server and to others. Beside frp where SLUICE_BENCH_FRPS and SLUICE_BENCH_FRPC name its programs, and beside the
// local server itself.
// With `nodes` (and redis-server): what a request costs whose client is connected to another node, beside one that is served where it comes in: by
// HTTP, and over a TCP tunnel.
// Run it alone: node bench/tunnels.ts [requests] [nodes] [delay] [slow] [--rounds N] [--seconds N]. SLUICE_BENCH_CPU_PROF=DIR keeps profiles.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBackend } from './harness/backend.ts';
import { cpuMicrosOf, rssKiBOf } from './harness/process-tree.ts';
import {
  findFreePorts,
  killEverythingStarted,
  runProcess,
  type StartedProcess,
  startProcess,
  untilListening,
} from './harness/processes.ts';
import { median } from './harness/statistics.ts';
import { runWrk } from './harness/wrk.ts';

const LAUNCHER = join(import.meta.dirname, '../bin/sluice');
const RELAY = join(import.meta.dirname, 'load/delay-relay.ts');
const HOST = 'app.example.test';
const TOKEN = 'token-of-the-bench';
const ONE_WAY_MS = 20;
const MB = 1_000_000;

interface Way {
  readonly name: string;
  /** Where visitors come in. */
  readonly port: number;
  readonly host?: string;
  readonly started: readonly StartedProcess[];
  /** Of several nodes. */
  readonly servers?: readonly StartedProcess[];
}

interface Place {
  readonly dir: string;
  readonly backendPort: number;
  /** Between client and server; 0: none. */
  readonly delayMs: number;
}

function nodeProgram(name: string): string[] {
  const folder = process.env['SLUICE_BENCH_CPU_PROF'];
  if (folder === undefined) return [process.execPath];
  return [process.execPath, '--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

async function viaRelay({ dir, delayMs }: Place, port: number, name: string): Promise<[number, StartedProcess[]]> {
  if (delayMs === 0) return [port, []];
  const [relayPort = 0] = await findFreePorts(1);
  const command = [process.execPath, RELAY, String(relayPort), String(port), String(delayMs)];
  const relay = startProcess(command, { name: `relay-${name}`, dir, cpus: null });
  await untilListening(relay, relayPort);
  return [relayPort, [relay]];
}

/** What makes a server one of several. */
interface NodeOf {
  readonly name: string;
  readonly state: string;
  /** Where its TCP ports are open, and which these are. */
  readonly host: string;
  readonly tcpPort: number;
}

interface Server {
  readonly process: StartedProcess;
  readonly gateway: number;
  readonly control: number;
}

async function sluice(place: Place): Promise<Way> {
  const { process: server, gateway, control } = await startServer(place);
  const [port, relays] = await viaRelay(place, control, 'sluice');
  return { name: 'sluice', port: gateway, started: [server, startClient(place, port), ...relays] };
}

/** The client is connected to one node; visitors come in at that one, or at the other. */
async function sluiceNodes(place: Place, comesIn: 'here' | 'elsewhere', isTcp: boolean): Promise<Way> {
  const [redisPort = 0, tcpPort = 0] = await findFreePorts(2);
  const command = ['redis-server', '--port', String(redisPort), '--bind', '127.0.0.1', '--save', ''];
  const redis = startProcess(command, { name: 'redis', dir: place.dir, cpus: null });
  await untilListening(redis, redisPort);
  const state = `redis://127.0.0.1:${redisPort}`;
  const one = await startServer(place, { name: 'node-one', state, tcpPort, host: '127.0.0.1' });
  const other = await startServer(place, { name: 'node-other', state, tcpPort, host: '127.0.0.2' });
  const client = startClient(place, one.control, isTcp ? tcpPort : null);
  const servers = [one.process, other.process];
  const { gateway, host } = comesIn === 'here' ? { ...one, host: '127.0.0.1' } : { ...other, host: '127.0.0.2' };
  const started = [one.process, client, other.process, redis];
  const where = isTcp ? { port: tcpPort, host } : { port: gateway };
  return { name: `client ${comesIn}`, ...where, servers, started };
}

async function startServer(place: Place, node: NodeOf | null = null): Promise<Server> {
  const dir = node === null ? place.dir : join(place.dir, node.name);
  mkdirSync(dir, { recursive: true });
  const [gateway = 0, control = 0, admin = 0, metrics = 0, egress = 0] = await findFreePorts(5);
  const address = (port: number): string => `127.0.0.1:${port}`;
  const config = {
    process: {
      workers: 1,
      data_dir: join(dir, 'data'),
      shutdown_grace: '1s',
      ...(node !== null && { state: node.state, node: { listen: '127.0.0.1:0', secret: 'secret-of-the-bench' } }),
    },
    log: { access: false },
    admin: { listen: address(admin) },
    metrics: { listen: address(metrics) },
    limits: { body: '4GiB' },
    timeouts: { idle: '600s' },
    egress: { listen: address(egress) },
    gateway: { listen: address(gateway) },
    users: [{ name: 'bench', token: TOKEN, may: ['tunnels'] }],
    tunnels: {
      server: {
        enabled: true,
        listen: address(control),
        domain: 'example.test',
        ...(node !== null && { tcp_ports: { from: node.tcpPort, to: node.tcpPort }, tcp: { listen: node.host } }),
      },
    },
  };
  writeFileSync(join(dir, 'sluice.json'), JSON.stringify(config));
  const options = { dir, cpus: null, env: { HOME: dir, NODE_ENV: 'production' } };
  const serve = [...nodeProgram(node?.name ?? 'server'), LAUNCHER, 'up', '-c', join(dir, 'sluice.json')];
  const server = startProcess(serve, { ...options, name: node?.name ?? 'sluice-server' });
  await untilListening(server, gateway);
  await untilListening(server, control);
  return { process: server, gateway, control };
}

function startClient({ dir, backendPort }: Place, port: number, tcpPort: number | null = null): StartedProcess {
  const clientDir = join(dir, 'client');
  mkdirSync(clientDir, { recursive: true });
  const kind = tcpPort === null ? ['http', '--subdomain', 'app'] : ['tcp', '--remote-port', String(tcpPort)];
  const expose = [...kind, `127.0.0.1:${backendPort}`, '--server', `ws://127.0.0.1:${port}`];
  return startProcess([...nodeProgram('client'), LAUNCHER, ...expose], {
    cpus: null,
    dir: clientDir,
    env: { HOME: dir, NODE_ENV: 'production', RETUNNEL_AUTH_TOKEN: TOKEN },
    name: 'sluice-client',
  });
}

async function frp(place: Place): Promise<Way | null> {
  const { SLUICE_BENCH_FRPS: frps, SLUICE_BENCH_FRPC: frpc } = process.env;
  if (frps === undefined || frpc === undefined) return null;
  const { dir, backendPort } = place;
  const [control = 0, visitors = 0] = await findFreePorts(2);
  writeFileSync(
    join(dir, 'frps.toml'),
    `bindAddr = "127.0.0.1"\nbindPort = ${control}\nvhostHTTPPort = ${visitors}\nlog.level = "error"\n`,
  );
  const options = { dir, cpus: null };
  const server = startProcess([frps, '-c', join(dir, 'frps.toml')], { ...options, name: 'frps' });
  await untilListening(server, control);
  const [port, relays] = await viaRelay(place, control, 'frp');
  const proxy = `[[proxies]]\nname = "app"\ntype = "http"\nlocalPort = ${backendPort}\ncustomDomains = ["${HOST}"]\n`;
  writeFileSync(
    join(dir, 'frpc.toml'),
    `serverAddr = "127.0.0.1"\nserverPort = ${port}\nlog.level = "error"\n${proxy}`,
  );
  const client = startProcess([frpc, '-c', join(dir, 'frpc.toml')], { ...options, name: 'frpc' });
  return { name: 'frp', port: visitors, started: [server, client, ...relays] };
}

async function direct({ backendPort }: Place): Promise<Way> {
  return { name: 'direct', port: backendPort, started: [] };
}

async function untilOpen({ name, port, host = '127.0.0.1' }: Way): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const status = await new Promise<number>((resolve) => {
      http
        .get({ port, path: '/small', host, headers: { Host: HOST }, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
        .on('error', () => resolve(0));
    });
    if (status === 200) return;
    await delay(25);
  }
  throw new Error(`${name} never let a visitor through`);
}

async function withWay(
  open: (place: Place) => Promise<Way | null>,
  place: Place,
  run: (way: Way) => Promise<void>,
): Promise<void> {
  const way = await open(place);
  if (way === null) return;
  try {
    await untilOpen(way);
    await run(way);
  } finally {
    for (const started of [...way.started].reverse()) await started.stop();
  }
}

function told(name: string, values: readonly number[], unit: string): string {
  const shown = (value: number): string => value.toFixed(value < 20 ? 1 : 0);
  return `${name.padEnd(28)} ${shown(median(values)).padStart(8)} ${unit}  (${values.map(shown).join(' ')})`;
}

/** 50 visitors who keep their connections. */
async function requests(place: Place, { rounds, seconds }: Settings): Promise<void> {
  const costs = new Map<string, number[]>();
  const rates = new Map<string, number[]>();
  const slowest = new Map<string, number[]>();
  for (const open of [direct, sluice, frp]) {
    await withWay(open, place, async (way) => {
      const load = { dir: place.dir, cpus: null, connections: 50 };
      const request = { url: `http://127.0.0.1:${way.port}/small`, headers: { Host: HOST } };
      await runWrk(request, { ...load, seconds: 2 });
      for (let round = 0; round < rounds; round += 1) {
        const before = spentBy(way);
        const result = await runWrk(request, { ...load, seconds });
        add(costs, way.name, (spentBy(way) - before) / result.requests);
        add(rates, way.name, result.requests / result.seconds);
        add(slowest, way.name, result.p99Ms);
        if (result.errors > 0) console.log(`${way.name}: ${result.errors} errors`);
      }
    });
  }
  console.log('\nRequests at 50 connections');
  for (const name of rates.keys()) {
    if (name !== 'direct') console.log(told(`${name}, server and client`, costs.get(name) ?? [], 'µs CPU a request'));
    console.log(told(name, rates.get(name) ?? [], 'requests/s'));
    console.log(told(`${name}, p99`, slowest.get(name) ?? [], 'ms'));
  }
}

interface NodeLoad {
  readonly name: string;
  readonly isTcp: boolean;
  readonly unit: 'request' | 'MB';
  /** Resolves with how much that was. */
  readonly run: (url: string, seconds: number, dir: string) => Promise<number>;
}

function wrkOf(fields: Readonly<Record<string, string>>): NodeLoad['run'] {
  return async (url, seconds, folder) => {
    const request = { url: `${url}/small`, headers: { Host: HOST, ...fields } };
    const result = await runWrk(request, { dir: folder, cpus: null, connections: 50, seconds });
    if (result.errors > 0) console.log(`${url}: ${result.errors} errors`);
    return result.requests;
  };
}

const NODE_LOADS: readonly NodeLoad[] = [
  { name: 'HTTP', isTcp: false, unit: 'request', run: wrkOf({}) },
  { name: 'TCP, connections that stay', isTcp: true, unit: 'request', run: wrkOf({}) },
  { name: 'TCP, a connection for each', isTcp: true, unit: 'request', run: wrkOf({ Connection: 'close' }) },
  {
    name: 'TCP, 100 MB',
    isTcp: true,
    unit: 'MB',
    run: async (url, seconds) => {
      const from = performance.now();
      let bytes = 0;
      while (performance.now() - from < seconds * 1000) {
        const command = ['curl', '-sS', '-o', '/dev/null', '-w', '%{size_download}', `${url}/files/100m`];
        bytes += Number(await runProcess(command, null, 60_000));
      }
      return bytes / MB;
    },
  },
];

/** The same at a node that the client is connected to, and at one that it is not. */
async function nodes(place: Place, { rounds, seconds }: Settings): Promise<void> {
  console.log('\nTwo nodes, 50 connections; nodes and client, and nodes alone');
  for (const load of NODE_LOADS) await nodesUnder(load, place, { rounds, seconds });
}

async function nodesUnder(load: NodeLoad, place: Place, { rounds, seconds }: Settings): Promise<void> {
  const whole = new Map<string, number[]>();
  const servers = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const comesIn of ['here', 'elsewhere'] as const) {
      await withWay(
        (at) => sluiceNodes(at, comesIn, load.isTcp),
        place,
        async (way) => {
          const url = `http://${way.host ?? '127.0.0.1'}:${way.port}`;
          await load.run(url, 2, place.dir);
          const [client] = way.started.slice(1);
          const ofServers = (): number => (way.servers ?? []).reduce((sum, { pid }) => sum + cpuMicrosOf(pid), 0);
          const ofClient = (): number => (client === undefined ? 0 : cpuMicrosOf(client.pid));
          const [serversBefore, clientBefore] = [ofServers(), ofClient()];
          const count = await load.run(url, seconds, place.dir);
          const spent = ofServers() - serversBefore;
          add(servers, way.name, spent / count);
          add(whole, way.name, (spent + ofClient() - clientBefore) / count);
        },
      );
    }
  }
  for (const [what, costs] of [
    ['nodes and client', whole],
    ['nodes alone', servers],
  ] as const) {
    for (const [name, values] of costs) console.log(told(`${load.name}: ${name}`, values, `µs CPU a ${load.unit}`));
    const [here, elsewhere] = [costs.get('client here') ?? [], costs.get('client elsewhere') ?? []];
    console.log(`${load.name}, ${what}: ${(median(elsewhere) / median(here)).toFixed(2)} ×`);
  }
}

/** One answer of 200 MB, and one upload, with 40 ms to the client and back. */
async function longWay(place: Place, { rounds }: Settings): Promise<void> {
  const down = new Map<string, number[]>();
  const costs = new Map<string, number[]>();
  for (const open of [sluice, frp]) {
    await withWay(open, { ...place, delayMs: ONE_WAY_MS }, async (way) => {
      const url = `http://127.0.0.1:${way.port}/files/100m`;
      for (let round = 0; round < rounds; round += 1) {
        const format = '%{size_download} %{time_total} %{time_starttransfer}\\n';
        const before = spentBy(way);
        const output = await runProcess(
          ['curl', '-sS', '-o', '/dev/null', '-o', '/dev/null', '-H', `Host: ${HOST}`, '-w', format, url, url],
          null,
          180_000,
        );
        const parts = output
          .trim()
          .split('\n')
          .map((line) => line.split(' ').map(Number));
        const bytes = parts.reduce((sum, [size = 0]) => sum + size, 0);
        add(costs, way.name, (spentBy(way) - before) / (bytes / MB));
        add(down, way.name, bytes / MB / parts.reduce((sum, [, time = 0]) => sum + time, 0));
      }
    });
  }
  console.log(`\nAnswers of 100 MB, one after the other, ${2 * ONE_WAY_MS} ms to the client and back`);
  for (const [name, rates] of down) {
    console.log(told(name, rates, 'MB/s'));
    console.log(told(`${name}, server and client`, costs.get(name) ?? [], 'µs CPU a MB'));
  }
}

/** Somebody reads 300 MB at 200 kB/s, and others go on. */
async function slowReader(place: Place, { seconds }: Settings): Promise<void> {
  console.log('\nA reader of 100 MB at 200 kB/s, and 10 others');
  for (const open of [sluice, frp]) {
    await withWay(open, place, async (way) => {
      const [server] = way.started;
      if (server === undefined) return;
      const load = { dir: place.dir, cpus: null, connections: 10, seconds };
      const request = { url: `http://127.0.0.1:${way.port}/small`, headers: { Host: HOST } };
      await runWrk(request, load);
      const alone = await runWrk(request, load);
      const before = rssKiBOf(server.pid);
      const slow = startProcess(
        [
          'curl',
          '-sS',
          '--limit-rate',
          '200k',
          '-o',
          '/dev/null',
          '-H',
          `Host: ${HOST}`,
          `http://127.0.0.1:${way.port}/files/100m`,
        ],
        { name: 'slow', dir: place.dir, cpus: null },
      );
      await delay(3_000);
      const beside = await runWrk(request, load);
      const grown = (rssKiBOf(server.pid) - before) / 1024;
      await slow.stop();
      console.log(
        `${way.name.padEnd(8)} the server grew by ${grown.toFixed(1)} MiB; p99 of the others ${alone.p99Ms.toFixed(1)} ms before, ${beside.p99Ms.toFixed(1)} ms beside it (${Math.round(alone.requests / alone.seconds)} and ${Math.round(beside.requests / beside.seconds)} requests/s)`,
      );
    });
  }
}

/** By server and client, whatever stands between them. */
function spentBy({ started }: Way): number {
  return started.slice(0, 2).reduce((sum, { pid }) => sum + cpuMicrosOf(pid), 0);
}

function add(table: Map<string, number[]>, name: string, value: number): void {
  const values = table.get(name);
  if (values === undefined) table.set(name, [value]);
  else values.push(value);
}

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});
const settings = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const all = { requests, nodes, delay: longWay, slow: slowReader };
const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
// The workers of nginx are somebody else.
chmodSync(dir, 0o755);
process.on('exit', () => {
  killEverythingStarted();
  rmSync(dir, { recursive: true, force: true });
});
const backend = await startBackend(dir, null);
console.log(
  `Node ${process.version}, ${execFileSync('uname', ['-sr']).toString().trim()}, load ${execFileSync('cut', ['-d ', '-f1-3', '/proc/loadavg']).toString().trim()}`,
);
for (const [name, run] of Object.entries(all)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  await run({ dir, backendPort: backend.port, delayMs: 0 }, settings);
}
await backend.stop();
