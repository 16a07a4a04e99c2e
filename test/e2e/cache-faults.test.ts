// Nobody is ever given a torn or mixed answer, whatever dies in the middle of it: the server, or Sluice itself. Every answer that came whole is
// compared with what its URL stands for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { Caching } from '../support/caching.ts';
import { ask as askHttp2, http2Session } from '../support/http2-session.ts';
import { http1Origin } from '../support/origins.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const SIZES = [10, 3000, 20_000, 50_000, 200_000];

/** What the path stands for, the same each time. */
function bodyOf(path: string): Buffer {
  const seed = createHash('sha256').update(path).digest();
  const size = SIZES[Number(path.slice(1)) % SIZES.length] ?? 0;
  return Buffer.alloc(size, Buffer.concat([seed, Buffer.from(path)]));
}

const digest = (bytes: Buffer | string): string =>
  createHash('sha256')
    .update(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes)
    .digest('hex');

/** As text, for clients that read text. */
function textOf(path: string): string {
  return bodyOf(path).toString('hex');
}

/** Cuts every third answer somewhere in the middle of it. */
function mortal(count: number, { url = '' }: http.IncomingMessage, response: http.ServerResponse): void {
  const body = Buffer.from(textOf(url));
  const fields: http.OutgoingHttpHeaders = { 'Cache-Control': `max-age=${count % 2}` };
  if (count % 4 < 2) fields['Content-Length'] = body.length;
  response.writeHead(200, fields);
  if (count % 3 !== 0) response.end(body);
  else response.write(body.subarray(0, (body.length * (count % 7)) / 7), () => response.destroy());
}

interface Tally {
  whole: number;
  cut: number;
}

async function load(url: string, clients: number, rounds: number): Promise<Tally> {
  const tally: Tally = { whole: 0, cut: 0 };
  const one = async (client: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const path = `/${(client * 7 + round * 3) % 23}`;
      const answer = await ask(url + path).catch(() => null);
      if (answer?.status !== 200) {
        tally.cut += 1;
        continue;
      }
      tally.whole += 1;
      assert.equal(digest(answer.body), digest(textOf(path)), path);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return tally;
}

describe('a cache gives nothing torn or mixed', () => {
  test('when the server dies in the middle of its answers', async (t) => {
    const caching = await Caching.open(t, (request, response, count) => mortal(count, request, response));
    const { whole, cut } = await load(caching.gateway.url, 15, 10);
    assert.ok(whole > 50 && cut > 0, `${whole} whole, ${cut} cut`);
    assert.ok(caching.asked.length < whole + cut);
  });

  test('when Sluice itself is killed, with two threads and a disk', { timeout: 90_000 }, async (t) => {
    let count = 0;
    const isBusy = Promise.withResolvers<void>();
    const origin = await http1Origin(t, (request, response) => {
      count += 1;
      if (count === 15) isBusy.resolve();
      const body = Buffer.from(textOf(request.url ?? ''));
      response.writeHead(200, { 'Cache-Control': 'max-age=1000', 'Content-Length': body.length });
      response.end(body);
    });
    const first = await start(t, origin);
    const running = load(first.address('gateway'), 10, 60);
    await isBusy.promise;
    first.signal('SIGKILL');
    await first.ended;
    assert.ok((await running).cut > 0);
    const second = await start(t, origin, first.folder);
    const { whole, cut } = await load(second.address('gateway'), 10, 10);
    assert.deepEqual([whole, cut], [100, 0]);
  });

  test('to clients of HTTP/2 either', async (t) => {
    const caching = await Caching.open(t, ({ url = '' }, response) =>
      response.writeHead(200, { 'Cache-Control': 'max-age=1000' }).end(textOf(url)),
    );
    const session = await http2Session(t, caching.gateway.url);
    for (const path of ['/1', '/1', '/4', '/4']) {
      const { body } = await askHttp2(session, { ':path': path });
      assert.equal(digest(body), digest(textOf(path)));
    }
    assert.equal(caching.asked.length, 2);
    assert.match(await caching.told('/1').then((text) => text.slice(-5)), /hit$/);
  });
});

async function start(t: TestContext, origin: string, folder?: string): Promise<SluiceProcess> {
  const yaml = `
process: { data_dir: data, workers: 2 }
gateway: { listen: "127.0.0.1:0", default_backend: "${origin}", policies: { cache: {} } }
cache: { max_memory: 1MB, disk: { path: kept, max: 50MB } }
egress: { listen: null }
admin: { listen: null }
metrics: { listen: null }
`;
  const options = { files: { 'sluice.yaml': yaml }, env: { LOG_FORMAT: 'json' } };
  const sluice = new SluiceProcess(t, folder === undefined ? options : { ...options, folder });
  await sluice.says(/"ready"/);
  return sluice;
}
