// The slow attacks of slowhttptest, all at once, in the clear and over TLS, while others are served. Rule: the gateway ends what is
// slow by itself, with whoever attacks still there, and nobody else notices.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { metricOf } from '../support/metrics-page.ts';
import { startFileServer } from '../support/nginx.ts';
import { http1Origin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { answersToH2load, RunningTool, runTool } from '../support/tools.ts';

/** Of each attack on each address. */
const CONNECTIONS = 75;
/** More than the buffers of a connection hold. */
const LARGE_BYTES = 16 * 1024 * 1024;
/** What some hundred slow clients may cost, whatever they ask for: their files together are far larger. */
const MOST_MIB_MORE = 256;

/** What slow bodies bring comes often enough for a bound on silence, so that only one on the whole request ends them. */
const ATTACKS: readonly (readonly [path: string, ...args: readonly string[]])[] = [
  ['/large.txt', '-H', '-i', '1', '-x', '24'],
  ['/upload', '-B', '-i', '1', '-x', '24', '-s', '100000'],
  ['/large.txt', '-R', '-a', '1', '-b', '600'],
  ['/large.txt', '-X', '-w', '512', '-y', '1024', '-n', '1', '-z', '32'],
];

/** It would go on for minutes. */
const ATTACK = ['-c', String(CONNECTIONS), '-r', String(CONNECTIONS), '-l', '200', '-p', '60'];

async function startGateway(t: TestContext, folder: string): Promise<SluiceProcess | undefined> {
  writeFileSync(join(folder, 'large.txt'), Buffer.alloc(LARGE_BYTES, 'x'));
  writeFileSync(join(folder, 'small.txt'), 'small');
  const nginx = await startFileServer(t, folder);
  if (nginx === undefined) return undefined;
  const uploads = await http1Origin(t, (request, response) => {
    request.resume().on('end', () => response.end());
  });
  const config = {
    gateway: {
      listen: ['127.0.0.1:0', { address: '127.0.0.1:0', tls: makeCertificate(folder, 'localhost') }],
      routes: [{ match: { path: '/upload' }, to: uploads }, { to: nginx.url }],
      policies: { timeout: { total: '6s' } },
    },
    timeouts: { headers: '3s', read: '3s', write: '3s', idle: '3s' },
    log: { format: 'json' },
  };
  const env = { SLUICE_GATEWAY__LISTEN: JSON.stringify(config.gateway.listen) };
  return startSluice(t, { files: { 'sluice.yaml': JSON.stringify(config) }, env });
}

/** A client like any other, by HTTP/1.1 and HTTP/2; not one of its requests may fail. */
async function serveOthers(t: TestContext, urls: readonly string[], folder: string): Promise<void> {
  for (const url of urls) {
    answersToH2load(await runTool(t, ['h2load', '--h1', '-n', '50', '-c', '2', `${url}/small.txt`], folder));
    answersToH2load(await runTool(t, ['h2load', '-n', '50', '-c', '2', '-m', '5', `${url}/small.txt`], folder));
  }
}

function residentMiB({ pid }: SluiceProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const openConnections = (sluice: SluiceProcess): Promise<number> => metricOf(sluice, 'sluice_connections_open');

test('slow clients of four kinds are let go of, and no other client notices', async (t) => {
  const slowhttptest = requirePeer(t, 'slowhttptest');
  if (slowhttptest === undefined || requirePeer(t, 'h2load') === undefined || requirePeer(t, 'openssl') === undefined)
    return;
  const folder = temporaryFolder(t);
  const sluice = await startGateway(t, folder);
  if (sluice === undefined) return;
  const urls = sluice.addresses('gateway');
  assert.equal(urls.length, 2);
  await serveOthers(t, urls, folder);
  const before = { mib: residentMiB(sluice), connections: await metricOf(sluice, 'sluice_connections_total') };

  const attacks = urls.flatMap((url) =>
    ATTACKS.map(([path, ...args]) => new RunningTool(t, [slowhttptest, ...ATTACK, ...args, '-u', url + path], folder)),
  );
  const slow = attacks.length * CONNECTIONS;
  let most = before.mib;
  let rounds = 0;
  let left = slow;
  while (left > 0) {
    await serveOthers(t, urls, folder);
    most = Math.max(most, residentMiB(sluice));
    rounds += 1;
    const others = rounds * urls.length * 4;
    const came = (await metricOf(sluice, 'sluice_connections_total')) - before.connections - others;
    left = came < slow ? slow : await openConnections(sluice);
  }
  // Two of the attacks go on for as long as they are let.
  assert.ok(attacks.some((attack) => attack.isRunning));
  await Promise.all(attacks.map((attack) => attack.stop()));
  for (const attack of attacks) {
    const { stdout, stderr } = await attack.ended;
    assert.doesNotMatch(stdout + stderr, /service available:\s+(?:\S*NO|.*NO$)/m);
  }
  await serveOthers(t, urls, folder);
  while ((await openConnections(sluice)) > 0) await pause(20);
  const reasons = ['request_timeout', 'exchange_timeout', 'client_closed'];
  const counts = await Promise.all(
    reasons.map((reason) => metricOf(sluice, 'sluice_http_request_errors_total', { reason })),
  );
  t.diagnostic(`${reasons.join(', ')}: ${counts.join(', ')}; ${before.mib.toFixed()} MiB, then ${most.toFixed()}`);
  // One that has said nothing at all before its time was over is no request.
  const least = CONNECTIONS * urls.length * 0.9;
  for (const count of counts) assert.ok(count >= least, `${reasons.join()}: ${counts.join()}`);
  assert.ok(most < before.mib + MOST_MIB_MORE, `${before.mib} MiB, then ${most}`);
  assert.equal(await metricOf(sluice, 'sluice_uncaught_errors_total'), 0);
  assert.ok(sluice.isRunning);
});
