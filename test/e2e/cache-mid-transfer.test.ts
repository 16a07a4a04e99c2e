// Whatever dies in the middle of a transfer, the server, Redis or Sluice itself: what a client gets whole is what the server has, to the byte, and what is
// cut is seen to be cut. Rule: nothing is killed before a body is half on its way.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchWhole, startCacheNode } from '../support/cache-node.ts';
import { Redis } from '../support/redis.ts';

const ROUNDS = 3;
const CLIENTS = 8;
const PATHS = 24;
const PIECE_BYTES = 40_000;
const PIECE_MS = 4;
/** Whole answers between two deaths. */
const AT_LEAST = 5;

/** Its bodies follow from their paths; it gives them piece by piece. */
class DrippingOrigin {
  readonly server: http.Server;
  #tell = (): void => {};

  constructor(t: TestContext) {
    this.server = http.createServer((request, response) => void this.#answer(request.url ?? '', response));
    this.server.listen(0, '127.0.0.1');
    t.after(() => {
      this.cut();
      this.server.close();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.server.closeAllConnections();
  }

  /** Resolves in the middle of a transfer. */
  midTransfer(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  async #answer(path: string, response: http.ServerResponse): Promise<void> {
    const body = bodyOf(path);
    response.on('error', () => {});
    response.writeHead(200, { 'Cache-Control': 'max-age=1', 'Content-Length': body.length });
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE_BYTES) {
      response.write(body.subarray(at, at + PIECE_BYTES));
      if (at >= body.length / 2) this.#tell();
      await pause(PIECE_MS);
    }
    response.end();
  }
}

/** From 40 kB to 1 MB: some go to the disk. */
function bodyOf(path: string): Buffer {
  const seed = createHash('sha256').update(path).digest();
  return Buffer.alloc(40_000 + (seed.readUInt32BE(0) % 960_000), seed);
}

test('what dies in the middle of a transfer spoils no answer', { timeout: 90_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const origin = new DrippingOrigin(t);
  await once(origin.server, 'listening');
  const settings = {
    origin: origin.url,
    state: redis.url,
    cache: '{ max_memory: 4MB, disk: { path: kept, max: 40MB } }',
  };
  let node = await startCacheNode(t, settings);
  const counts = { whole: 0, cut: 0, failed: 0 };
  const end = new AbortController();
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; !end.signal.aborted; turn += 1) {
      const path = `/${(number * 7 + turn * 5) % PATHS}`;
      const got = await fetchWhole(node.address('gateway') + path);
      if (got === null) counts.cut += 1;
      else if (got.status !== 200) counts.failed += 1;
      else {
        assert.ok(got.body.equals(bodyOf(path)), `${path} is not what the server has: ${got.body.length} bytes`);
        counts.whole += 1;
      }
      if (got === null) await pause(20);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  const whenMidway = async (): Promise<void> => {
    const enough = counts.whole + AT_LEAST;
    while (counts.whole < enough) await pause(PIECE_MS);
    await origin.midTransfer();
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    await whenMidway();
    origin.cut();
    await whenMidway();
    await redis.stop();
    await whenMidway();
    await redis.start();
    await whenMidway();
    process.kill(node.pid, 'SIGKILL');
    await node.ended;
    node = await startCacheNode(t, { ...settings, folder: node.folder });
  }
  await whenMidway();
  end.abort();
  await Promise.all(clients);
  t.diagnostic(`${counts.whole} whole, ${counts.cut} cut or refused, ${counts.failed} answered with an error`);
  assert.ok(counts.cut > 0);
});
