// One fetch for all who want the same: they get it as it comes, and none of them holds up the others, whether it reads slowly, stands still or goes
// away, the one who came first no less.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { bodyOf } from '../support/cache-disk.ts';
import { http1Origin } from '../support/origins.ts';
import { WorkerStage } from '../support/worker-stage.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = { timeout: 120_000 };
const LENGTH = 12_000_000;
const BODY = bodyOf(7, LENGTH);
const SHORT = BODY.subarray(0, 50_000);

interface Stage {
  readonly stage: WorkerStage;
  readonly asked: string[];
  /** What the origin is answering: it writes as fast as it may. */
  readonly answers: http.ServerResponse[];
}

interface Kind {
  readonly threads: number;
  readonly cache?: object;
  /** Of the body. */
  readonly body?: Buffer;
  /** How much of it comes before `goOn`; all of it if it does not say. */
  readonly first?: number;
}

async function open(t: TestContext, { threads, cache = {}, body = BODY, first = body.length }: Kind): Promise<Stage> {
  const asked: string[] = [];
  const answers: http.ServerResponse[] = [];
  const origin = await http1Origin(t, ({ url = '' }, response) => {
    asked.push(url);
    answers.push(response);
    const fields: http.OutgoingHttpHeaders = { 'Cache-Control': 'max-age=600' };
    if (!url.includes('chunked')) fields['Content-Length'] = body.length;
    response.writeHead(200, fields);
    if (first < body.length) response.write(body.subarray(0, first));
    else response.end(body);
  });
  const settings = { cache, gateway: { policies: { cache: {} }, routes: [{ to: { backends: [origin] } }] } };
  return { stage: await WorkerStage.open(t, threads, settings), asked, answers };
}

/** Asks, reads the head, and takes nothing of the body. */
async function standStill(t: TestContext, url: string, path: string): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
  await once(socket, 'readable');
  socket.read(1);
  return socket;
}

const KINDS: readonly (Kind & { readonly name: string; readonly path: string; readonly isOnDisk?: true })[] = [
  { name: 'in memory', threads: 1, path: '/a' },
  { name: 'in the memory of three threads, of a length that nobody knows', threads: 3, path: '/chunked' },
  { name: 'on the disk', threads: 1, path: '/chunked', isOnDisk: true },
  { name: 'on the disk of three threads', threads: 3, path: '/a', isOnDisk: true },
];

function cacheFor(t: TestContext, isOnDisk = false): object {
  return isOnDisk ? { max_memory: '16MB', disk: { path: temporaryFolder(t), max: '1GB' } } : { max_memory: '512MB' };
}

interface Reading {
  /** Something of the body has come. */
  readonly begun: Promise<void>;
  /** null: it was cut. */
  readonly whole: Promise<Buffer | null>;
  /** At once, so that nobody can think that it still listens. */
  leave(): void;
}

function read(url: string): Reading {
  const begun = Promise.withResolvers<void>();
  const whole = Promise.withResolvers<Buffer | null>();
  const request = http.get(url, { agent: false, headers: { host: 'site.test' } }, (answer) => {
    const parts: Buffer[] = [];
    answer.on('data', (part: Buffer) => {
      parts.push(part);
      begun.resolve();
    });
    answer.on('error', () => {});
    answer.on('close', () => whole.resolve(answer.complete ? Buffer.concat(parts) : null));
  });
  request.on('error', () => whole.resolve(null));
  return { begun: begun.promise, whole: whole.promise, leave: () => request.socket?.resetAndDestroy() };
}

describe('a body that many want', LIMIT, () => {
  for (const { name, path, threads, isOnDisk } of KINDS) {
    test(`is not held up by who came first and stands still: ${name}`, async (t) => {
      const { stage, asked } = await open(t, { threads, cache: cacheFor(t, isOnDisk) });
      const slow = await standStill(t, stage.url, path);
      const others = await Promise.all([1, 2, 3].map(() => read(`${stage.url}${path}`).whole));
      for (const body of others) assert.ok(body?.equals(BODY));
      assert.equal(asked.length, 1);
      // It has lost nothing.
      let length = 0;
      slow.on('data', (bytes: Buffer) => void (length += bytes.length));
      await stage.until(() => length > LENGTH, 'that it has read all of it, too');
    });

    test(`goes on when who came first leaves: ${name}`, async (t) => {
      const { stage, asked, answers } = await open(t, { threads, cache: cacheFor(t, isOnDisk), first: 2_000_000 });
      const first = read(`${stage.url}${path}`);
      await first.begun;
      const others = [1, 2, 3].map(() => read(`${stage.url}${path}`));
      await Promise.all(others.map(({ begun }) => begun));
      first.leave();
      await stage.until(() => stage.plane.doors()[0]?.openConnections === 3, 'that it is gone');
      answers[0]!.end(BODY.subarray(2_000_000));
      for (const { whole } of others) assert.ok((await whole)?.equals(BODY));
      assert.equal(asked.length, 1);
    });
  }

  test('comes to a thousand as it comes, though some of them leave and one stands still', async (t) => {
    const { stage, asked, answers } = await open(t, { threads: 2, cache: cacheFor(t), body: SHORT, first: 3000 });
    const all = Array.from({ length: 1000 }, () => read(`${stage.url}/a`));
    await Promise.all(all.map(({ begun }) => begun));
    assert.equal(asked.length, 1);
    for (const one of all.slice(0, 100)) one.leave();
    await standStill(t, stage.url, '/a');
    answers[0]!.end(SHORT.subarray(3000));
    const bodies = await Promise.all(all.slice(100).map(({ whole }) => whole));
    assert.equal(bodies.filter((body) => body?.equals(SHORT)).length, 900);
    assert.equal(asked.length, 1);
    const { routes = [] } = stage.plane.caches.stats()[0] ?? {};
    assert.equal(routes[0]?.misses, 1);
  });
});
