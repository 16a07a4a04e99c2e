// One fetch for all who want the same: they get it as it comes, and none of them holds up the others, whether it reads slowly, stands still or goes
// away, the one who came first no less.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { bodyOf } from '../support/cache-disk.ts';
import { fetchWhole } from '../support/cache-node.ts';
import { http1Origin } from '../support/origins.ts';
import { WorkerStage } from '../support/worker-stage.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = { timeout: 60_000 };
const LENGTH = 24_000_000;
const BODY = bodyOf(7, LENGTH);

interface Stage {
  readonly stage: WorkerStage;
  readonly asked: string[];
  /** What the origin is answering: it writes as fast as it may. */
  readonly answers: http.ServerResponse[];
}

interface Kind {
  readonly threads: number;
  readonly cache?: object;
  /** How much of it comes before `goOn`; all of it if it does not say. */
  readonly first?: number;
}

async function open(t: TestContext, { threads, cache = {}, first = LENGTH }: Kind): Promise<Stage> {
  const asked: string[] = [];
  const answers: http.ServerResponse[] = [];
  const origin = await http1Origin(t, ({ url = '' }, response) => {
    asked.push(url);
    answers.push(response);
    const fields: http.OutgoingHttpHeaders = { 'Cache-Control': 'max-age=600' };
    if (!url.includes('chunked')) fields['Content-Length'] = LENGTH;
    response.writeHead(200, fields);
    if (first < LENGTH) response.write(BODY.subarray(0, first));
    else response.end(BODY);
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

const KINDS: readonly (Kind & { readonly name: string; readonly path: string })[] = [
  { name: 'in memory', threads: 1, path: '/a', cache: { max_memory: '512MB' } },
  { name: 'in memory, of a length that nobody knows', threads: 1, path: '/chunked', cache: { max_memory: '512MB' } },
  { name: 'in the memory of three threads', threads: 3, path: '/a', cache: { max_memory: '512MB' } },
];

const DISK_KINDS: typeof KINDS = [
  { name: 'on the disk', threads: 1, path: '/a' },
  { name: 'on the disk, of a length that nobody knows', threads: 1, path: '/chunked' },
];

function withDisk(t: TestContext, kind: Kind): Kind {
  return { ...kind, cache: { max_memory: '16MB', disk: { path: temporaryFolder(t), max: '1GB' } } };
}

describe('a body that many want', LIMIT, () => {
  for (const kind of [...KINDS, ...DISK_KINDS]) {
    test(`is not held up by who came first and stands still: ${kind.name}`, async (t) => {
      const { stage, asked } = await open(t, DISK_KINDS.includes(kind) ? withDisk(t, kind) : kind);
      const slow = await standStill(t, stage.url, kind.path);
      const others = await Promise.all([1, 2, 3].map(() => fetchWhole(`${stage.url}${kind.path}`)));
      for (const got of others) assert.ok(got?.body.equals(BODY));
      assert.equal(asked.length, 1);
      // It has lost nothing.
      let length = 0;
      slow.on('data', (bytes: Buffer) => void (length += bytes.length));
      await stage.until(() => length > LENGTH, 'that it has read all of it, too');
    });
  }
});
