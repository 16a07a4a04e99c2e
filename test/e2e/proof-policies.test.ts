// A gateway with every policy on, before nginx and Caddy, under h2load, nghttp and wrk. Rule: what the tools have counted is what the
// gateway, its log and the servers behind have counted too.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PeerName } from '../../scripts/peers.ts';
import { startCaddy } from '../support/caddy.ts';
import { EICAR, startClamd } from '../support/clamd.ts';
import { metricOf } from '../support/metrics-page.ts';
import { startFileServer } from '../support/nginx.ts';
import { http1Origin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { policyOf } from '../support/policy-file.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { answersToH2load, numberIn, runTool } from '../support/tools.ts';

const TOKEN = 'a-token-of-some-length';
const ORIGIN = 'https://app.example';
const FIELDS = [`authorization: Bearer ${TOKEN}`, `origin: ${ORIGIN}`, 'accept-encoding: br'];
const WITH_FIELDS = FIELDS.flatMap((field) => ['-H', field]);
const CLIENTS = 8;

interface Stage {
  readonly sluice: SluiceProcess;
  readonly folder: string;
  /** In the clear, then by TLS. */
  readonly urls: readonly [string, string];
  /** How many requests the second server has seen. */
  readonly copies: () => number;
}

const policiesOf = (clamd: string, mirror: string): object => ({
  acl: { allow: ['127.0.0.0/8'], deny: ['192.0.2.0/24'], trusted_proxies: ['10.0.0.0/8'] },
  limits: { url: '2KiB', header_count: 30, body: '1MiB', methods: ['GET', 'POST'], concurrent: 1000 },
  rate_limit: { rate: '100000/s', burst: 1_000_000 },
  filter: { domains: ['blocked.example'] },
  auth: 'users',
  './own.ts': {},
  timeout: { connect: '30s', response: '60s', total: '120s' },
  compress: { min_size: 1000 },
  scan: { clamd },
  mirror: { to: mirror, concurrent: 10_000, timeout: '60s' },
  headers: { security: true, cors: { origins: [ORIGIN] }, response: { set: { 'X-Set': 'yes' } } },
  retry: { attempts: 2 },
});

async function openStage(t: TestContext, workers: string): Promise<Stage | undefined> {
  const folder = temporaryFolder(t);
  const files = join(folder, 'pages');
  mkdirSync(files);
  writeFileSync(join(files, 'page.txt'), 'a page of text '.repeat(300));
  writeFileSync(join(folder, 'upload'), 'an upload '.repeat(50));
  writeFileSync(join(folder, 'eicar'), EICAR);
  const [nginx, caddy, clamd] = [await startFileServer(t, files), await startCaddy(t, 'caddy'), await startClamd(t)];
  if (nginx === undefined || caddy === undefined || clamd === undefined) return undefined;
  let copies = 0;
  const mirror = await http1Origin(t, (request, response) => {
    request.resume().on('end', () => {
      copies += 1;
      response.end();
    });
  });
  const policies = policiesOf(clamd.address, mirror);
  const routes = [{ match: { path: '/page.txt' }, to: { backends: [nginx.url] } }, { to: { backends: [caddy.url] } }];
  const config = {
    users: [{ name: 'alice', token: TOKEN, may: ['gateway'] }],
    gateway: { policies, routes },
    log: { format: 'json' },
  };
  // Two hosts: of two addresses that are written alike, threads could not tell which of their free ports is which.
  const listen = ['127.0.0.1:0', { address: '127.0.0.2:0', tls: makeCertificate(folder, 'localhost') }];
  const sluice = await startSluice(t, {
    files: {
      'sluice.yaml': JSON.stringify(config),
      'own.ts': policyOf(`response: ({ response }) => response.fields.set('X-Own', 'yes')`),
    },
    env: { SLUICE_GATEWAY__LISTEN: JSON.stringify(listen), SLUICE_PROCESS__WORKERS: workers },
  });
  const [plain = '', secure = ''] = sluice.addresses('gateway');
  return { sluice, folder, urls: [plain, secure], copies: () => copies };
}

/** That each of them is on: curl, asked in turn, has met it. */
async function meetPolicies({ urls: [plain, secure], folder }: Stage): Promise<void> {
  const curl = async (...args: string[]): Promise<string> => {
    const all = ['-s', '-k', '-D', '-', '-o', '/dev/null', '--max-time', '30', ...args];
    return (await promisify(execFile)('curl', all, { cwd: folder })).stdout;
  };
  const fine = await curl(...WITH_FIELDS, `${secure}/page.txt`);
  assert.match(fine, /^HTTP\/2 200 /);
  for (const field of [
    'content-encoding: br',
    'strict-transport-security: max-age=31536000',
    'x-content-type-options: nosniff',
    `access-control-allow-origin: ${ORIGIN}`,
    'x-set: yes',
    'x-own: yes',
    'ratelimit-limit: 1000000',
  ]) {
    assert.ok(fine.toLowerCase().includes(`\r\n${field}\r\n`), `${field} is not in\n${fine}`);
  }
  for (const [status, ...args] of [
    ['401', `${plain}/`],
    ['403', ...WITH_FIELDS, '-H', 'Host: blocked.example', `${plain}/`],
    ['403', ...WITH_FIELDS, '--data-binary', '@eicar', `${plain}/`],
    ['405', ...WITH_FIELDS, '-X', 'DELETE', `${plain}/`],
    ['414', ...WITH_FIELDS, `${plain}/${'x'.repeat(3000)}`],
  ] as const) {
    assert.ok((await curl(...args)).startsWith(`HTTP/1.1 ${status} `), status);
  }
}

/** By HTTP/1.1 and HTTP/2, in the clear and by TLS, pages and uploads. */
async function loadWithH2load(t: TestContext, { folder, urls }: Stage): Promise<number> {
  let answers = 0;
  for (const url of urls) {
    for (const how of [['--h1'], ['-m', '4'], ['-m', '4', '-d', join(folder, 'upload')]]) {
      const uris = how.includes('-d') ? [`${url}/upload`] : [`${url}/page.txt`, `${url}/other`];
      const command = ['h2load', '-n', '200', '-c', String(CLIENTS), ...how, ...WITH_FIELDS, ...uris];
      answers += answersToH2load(await runTool(t, command, folder));
    }
  }
  return answers;
}

async function loadWithNghttp(t: TestContext, { folder, urls }: Stage): Promise<number> {
  let answers = 0;
  for (const url of urls) {
    const command = ['nghttp', '-n', '-s', '-m', '25', ...WITH_FIELDS, `${url}/page.txt`, `${url}/other`];
    const { code, stdout, stderr } = await runTool(t, command, folder);
    assert.equal(code, 0, stderr);
    const statuses = [...stdout.matchAll(/^ *\d+ +\+\S+ +\+\S+ +\S+ +(\d+) /gm)].map(([, status]) => status);
    assert.deepEqual(new Set(statuses), new Set(['200']), stdout);
    answers += statuses.length;
  }
  assert.equal(answers, 100);
  return answers;
}

async function loadWithWrk(t: TestContext, { folder, urls }: Stage): Promise<number> {
  let answers = 0;
  for (const url of urls) {
    const command = ['wrk', '-t', '1', '-c', String(CLIENTS), '-d', '1s', '--timeout', '60s', ...WITH_FIELDS];
    const { code, stdout, stderr } = await runTool(t, [...command, `${url}/page.txt`], folder);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
    answers += numberIn(stdout, /(\d+) requests in/);
  }
  return answers;
}

interface Counts {
  /** Of clients, by the door's own count and by its log. */
  readonly requests: number;
  readonly good: number;
  readonly logged: number;
  /** Of copies, by what has become of them and as the second server has seen them. */
  readonly mirrored: number;
  readonly answered: number;
  readonly copies: number;
}

async function countAll({ sluice, copies }: Stage): Promise<Counts> {
  const door = { door: 'gateway' };
  return {
    requests: await metricOf(sluice, 'sluice_http_requests_total', door),
    good: await metricOf(sluice, 'sluice_http_requests_total', { ...door, code: '2xx' }),
    logged: sluice.stdout.split('\n').filter((line) => line.includes('"log":"access"')).length,
    mirrored: await metricOf(sluice, 'sluice_mirrored_requests_total'),
    answered: await metricOf(sluice, 'sluice_mirrored_requests_total', { outcome: 'answered' }),
    copies: copies(),
  };
}

const TURNS = 1_000;

/** What has been counted since, as soon as it is what was expected; after a minute or so whatever there is. */
async function countedSince(stage: Stage, before: Counts, isIt: (since: Counts) => boolean): Promise<Counts> {
  let since = before;
  for (let turn = 0; turn < TURNS; turn++) {
    const now = Object.entries(await countAll(stage));
    since = Object.fromEntries(
      now.map(([key, count]) => [key, count - before[key as keyof Counts]]),
    ) as unknown as Counts;
    if (isIt(since)) return since;
    await pause(50);
  }
  return since;
}

/** Lines of the log that tell of anything that went wrong. */
function complaints({ sluice }: Stage, fromLine: number): string[] {
  const lines = sluice.stdout.split('\n').slice(fromLine);
  return lines.filter((line) => /"error\.type"|"level":"(?:warn|error|fatal)"/.test(line));
}

const PEERS: readonly PeerName[] = ['curl', 'h2load', 'nghttp', 'openssl', 'wrk'];

for (const workers of ['1', '2']) {
  test(`every policy together loses and miscounts nothing, with workers: ${workers}`, async (t) => {
    if (PEERS.some((peer) => requirePeer(t, peer) === undefined)) return;
    const stage = await openStage(t, workers);
    if (stage === undefined) return;
    const { sluice } = stage;
    await meetPolicies(stage);
    const none = { requests: 0, good: 0, logged: 0, mirrored: 0, answered: 0, copies: 0 };
    // One was fine, five were refused: of these the infected one alone was worth a copy, which was given up.
    const met = await countedSince(stage, none, ({ logged, mirrored }) => logged === 6 && mirrored === 2);
    assert.deepEqual(met, { requests: 6, good: 1, logged: 6, mirrored: 2, answered: 1, copies: 1 });
    const line = sluice.stdout.split('\n').length - 1;

    const exact = (await loadWithH2load(t, stage)) + (await loadWithNghttp(t, stage));
    const since = await countedSince(stage, met, ({ logged, copies }) => logged === exact && copies === exact);
    const all = { requests: exact, good: exact, logged: exact, mirrored: exact, answered: exact, copies: exact };
    assert.deepEqual(since, all);
    assert.deepEqual(complaints(stage, line), []);

    // What is on its way when wrk ends is given up by wrk, and not in its count.
    const before = await countAll(stage);
    const answers = await loadWithWrk(t, stage);
    const byWrk = await countedSince(
      stage,
      before,
      (now) => now.logged === now.requests && now.mirrored === now.requests,
    );
    assert.ok(byWrk.good >= answers && byWrk.requests <= answers + 2 * CLIENTS, JSON.stringify([answers, byWrk]));
    assert.deepEqual([byWrk.logged, byWrk.mirrored], [byWrk.requests, byWrk.requests]);
    const others = complaints(stage, line).filter((each) => !each.includes('"error.type":"client_closed"'));
    assert.deepEqual(others, []);
    assert.equal(await metricOf(sluice, 'sluice_scans_total', { verdict: 'error' }), 0);
    assert.equal(await metricOf(sluice, 'sluice_uncaught_errors_total'), 0);
    t.diagnostic(`h2load and nghttp: ${exact} answers, wrk: ${answers}; ${JSON.stringify(byWrk)}`);
  });
}
