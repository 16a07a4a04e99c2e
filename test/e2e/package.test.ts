// What npm publishes, as somebody who installs it meets it: packed, installed into an empty folder, started.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stagePackage } from '../../scripts/stage-package.ts';
import { runTool } from '../../scripts/tool.ts';
import { findRunningFile } from '../../src/runtime/running-file.ts';
import { skipTest } from '../support/peer.ts';
import { ROOT } from '../support/source-tree.ts';

/** Without what it depends on. */
const MOST_BYTES = 5 * 1024 * 1024;
const NETWORK_ERROR = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;

interface PackedPackage {
  readonly filename: string;
  readonly files: { path: string }[];
  readonly unpackedSize: number;
}

test('the packed program starts where only its own dependencies are installed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const staged = join(folder, 'staged');
  const installed = join(folder, 'installed');
  mkdirSync(staged);
  mkdirSync(installed);
  const { passed, output } = await stagePackage(staged);
  assert.ok(passed, output);

  const packed = npm(staged, 'pack', '--ignore-scripts', '--json');
  assert.equal(packed.status, 0, packed.stderr);
  const [{ filename, files, unpackedSize }] = JSON.parse(packed.stdout) as [PackedPackage];
  const strays = files.filter(({ path }) => /\.test\.|(?<!\.d)\.ts$|\.map$/.test(path));
  assert.deepEqual(strays, []);
  assert.ok(
    files.some(({ path }) => path === 'dist/dashboard/index.html'),
    'the dashboard is in the package',
  );
  assert.ok(unpackedSize < MOST_BYTES, `${unpackedSize} bytes are too many`);
  assert.ok(
    files.some(({ path }) => path === 'dist/dashboard/index.html'),
    'the dashboard is missing',
  );

  writeFileSync(join(installed, 'package.json'), '{}');
  const install = npm(installed, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(staged, filename));
  if (NETWORK_ERROR.test(install.stderr)) return skipTest(t, 'the package registry cannot be reached');
  assert.equal(install.status, 0, install.stderr);

  const bin = join(installed, 'node_modules', 'sluice', 'bin', 'sluice');
  const started = spawnSync(process.execPath, [bin, 'version'], { encoding: 'utf8' });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal(started.status, 0, started.stderr);
  assert.ok(started.stdout.includes(version), started.stdout);
  const explained = spawnSync(process.execPath, [bin, 'help', 'upstream_busy'], { encoding: 'utf8' });
  assert.match(explained.stdout, /slower\s+than the requests come/, 'the page of the error codes is in the package');

  await assertServes(installed, bin);
  await assertTakesPolicies(installed, bin);
  await assertHasClient(installed);
  await assertExposes(installed);
});

/** As the command of the package, and without what the environment of the tests says. */
async function assertServes(folder: string, bin: string): Promise<void> {
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'node_modules/sluice/package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  assert.deepEqual(
    ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts),
    [],
  );
  writeFileSync(join(folder, 'doors.yaml'), ALL_DOORS);
  const dataDir = join(folder, 'data');
  const args = [bin, 'up', '-c', 'doors.yaml'];
  const env = { PATH: process.env['PATH'], HOME: folder, SLUICE_PROCESS__DATA_DIR: dataDir };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close');
  try {
    const givenUpAt = performance.now() + 60_000;
    while (findRunningFile(dataDir) === undefined) {
      assert.ok(child.exitCode === null && performance.now() < givenUpAt, stderr);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const doors = findRunningFile(dataDir)?.doors ?? [];
    const statuses = doors.map(async ({ name, address }) => [name, (await fetch(`${address}${PATHS[name]}`)).status]);
    const expected = { gateway: 200, egress: 400, tunnels: 404, admin: 200, metrics: 200 };
    assert.deepEqual(Object.fromEntries(await Promise.all(statuses)), expected);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const PATHS: Readonly<Record<string, string>> = {
  gateway: '/health',
  metrics: '/metrics',
  admin: '/',
  egress: '/',
  tunnels: '/none',
};

const ALL_DOORS = `
gateway: { listen: 127.0.0.1:0 }
egress: { listen: 127.0.0.1:0 }
tunnels: { server: { enabled: true, listen: 127.0.0.1:0, domain: example.test } }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: 127.0.0.1:0 }
`;

/** TypeScript of the user's own runs beside the package, and is checked against its types. */
async function assertTakesPolicies(folder: string, bin: string): Promise<void> {
  writeFileSync(join(folder, 'own.ts'), OWN_POLICY);
  writeFileSync(join(folder, 'sluice.yaml'), 'policies: { ./own.ts: { word: 1 } }\n');
  const { stdout } = spawnSync(process.execPath, [bin, 'config', 'validate'], { cwd: folder, encoding: 'utf8' });
  assert.match(stdout, /sluice\.yaml:1:23 {2}error {2}config_bad_value.*the word is no text/);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ files: ['own.ts'], compilerOptions: OWN_COMPILER }));
  const checked = await runTool('tsc', ['-p', folder]);
  assert.ok(checked.passed, checked.output);
}

/** Programs in TypeScript talk to a Sluice by it, on Node and in browsers: nothing of Node's types is needed. */
async function assertHasClient(folder: string): Promise<void> {
  writeFileSync(join(folder, 'client.mts'), OWN_CLIENT);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ files: ['client.mts'], compilerOptions: OWN_COMPILER }),
  );
  const checked = await runTool('tsc', ['-p', folder]);
  assert.ok(checked.passed, checked.output);
  const { stdout, stderr } = spawnSync(process.execPath, ['client.mts'], { cwd: folder, encoding: 'utf8' });
  assert.equal(stdout, '7 answered no\n', stderr);
}

/** A program opens a tunnel for a server of its own. */
async function assertExposes(folder: string): Promise<void> {
  writeFileSync(join(folder, 'expose.mts'), OWN_TUNNEL);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ files: ['expose.mts'], compilerOptions: OWN_COMPILER }),
  );
  const checked = await runTool('tsc', ['-p', folder]);
  assert.ok(checked.passed, checked.output);
  const { stdout, stderr } = spawnSync(process.execPath, ['expose.mts'], { cwd: folder, encoding: 'utf8' });
  assert.equal(stdout, 'tunnel_unreachable\n', stderr);
}

const OWN_TUNNEL = `
import { type Exposure, expose } from 'sluice';

const told = await expose({ port: 3000, server: '127.0.0.1:1', token: 'x', tries: 0 }).then(
  ({ url }: Exposure) => url,
  (error: unknown) => (error as { code: string }).code,
);
console.log(told);
`;

const OWN_CLIENT = `
import { type AgentEvent, SluiceClient, SluiceRequestError } from 'sluice/client';

const refuse = (): Promise<Response> => Promise.resolve(new Response('{"error":{"message":"no"}}', { status: 503 }));
const client = new SluiceClient({ url: 'http://127.0.0.1:7', token: 'x', fetch: refuse });

async function told(prompt: string): Promise<string> {
  const events: AgentEvent[] = [];
  for await (const event of client.agents.stream({ prompt })) events.push(event);
  return String(events.length);
}

console.log('7 answered', await told('hi').catch((error: unknown) => (error as SluiceRequestError).message));
`;

const OWN_COMPILER = { module: 'nodenext', target: 'esnext', strict: true, noEmit: true, types: [] };

const OWN_POLICY = `
import type { Exchange, Policy, PolicyContext } from 'sluice';

interface Settings {
  readonly word: string;
}

export function check({ word }: Settings): void {
  if (typeof word !== 'string') throw new Error('the word is no text');
}

export function policy({ word }: Settings, { log, error }: PolicyContext): Policy {
  return {
    name: 'own',
    request(exchange: Exchange): void {
      if (exchange.request.fields.get('x-word') !== word) throw error('forbidden');
      log.info(word);
    },
  };
}
`;

function npm(cwd: string, ...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync('npm', args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
}
