// What the cache gives when the program was killed, or the origin dies, in the middle of a body: whole answers, or none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { filesUnder, bodyOf, until } from '../support/cache-disk.ts';
import { http1Origin } from '../support/origins.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const LENGTH = 600_000;

interface Origin {
  readonly url: string;
  readonly asked: string[];
  /** Answers that have stopped in the middle, as `/half/…` does. */
  readonly halves: ServerResponse[];
}

async function startOrigin(t: TestContext): Promise<Origin> {
  const asked: string[] = [];
  const halves: ServerResponse[] = [];
  const url = await http1Origin(t, ({ url = '' }: IncomingMessage, response: ServerResponse) => {
    asked.push(url);
    const body = bodyFor(url);
    response.writeHead(200, { 'cache-control': 'max-age=3600', 'content-length': body.length });
    const isHalf = url.startsWith('/half') && asked.filter((each) => each === url).length === 1;
    if (!isHalf) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, 300_000));
    halves.push(response);
  });
  return { url, asked, halves };
}

function bodyFor(path: string): Buffer {
  return bodyOf(createHash('sha1').update(path).digest().readUInt32LE(0), LENGTH);
}

async function start(t: TestContext, origin: string, folder?: string): Promise<SluiceProcess> {
  const yaml = `
process: { data_dir: data }
gateway: { listen: "127.0.0.1:0", policies: { cache: {} }, routes: [{ to: { backends: ["${origin}"] } }] }
cache: { max_memory: 1MB, disk: { path: kept, max: 50MB } }
egress: { listen: null }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: null }
`;
  const sluice = new SluiceProcess(t, {
    files: { 'sluice.yaml': yaml },
    env: { LOG_FORMAT: 'json' },
    ...(folder !== undefined && { folder }),
  });
  await sluice.says(/"msg":"ready"|"ready"/);
  return sluice;
}

/** Null: it was cut. */
function fetchBody(url: string): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, headers: { host: 'site.test' } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => {});
      response.on('close', () => resolve(response.complete ? Buffer.concat(parts) : null));
    });
    request.on('error', () => resolve(null));
  });
}

describe('the cache', () => {
  test('has after a SIGKILL what was whole, and nothing of what was on its way', async (t) => {
    const origin = await startOrigin(t);
    const sluice = await start(t, origin.url);
    const whole = ['/a', '/b', '/c'];
    for (const path of whole) assert.deepEqual(await fetchBody(`${sluice.address('gateway')}${path}`), bodyFor(path));
    const folder = join(sluice.folder, 'kept');
    await until(
      () => filesUnder(folder).filter((file) => !file.includes('/new/')).length === 3,
      'that three are written',
    );
    const cut = fetchBody(`${sluice.address('gateway')}/half/d`);
    await until(() => filesUnder(folder).some((file) => file.includes('/new/')), 'that a fourth is being written');
    sluice.signal('SIGKILL');
    await sluice.ended;
    assert.equal(await cut, null);

    const next = await start(t, origin.url, sluice.folder);
    await until(() => filesUnder(folder).length === 3, 'that what was not whole is deleted');
    const before = origin.asked.length;
    for (const path of whole) assert.deepEqual(await fetchBody(`${next.address('gateway')}${path}`), bodyFor(path));
    assert.deepEqual(origin.asked.slice(before), []);
    assert.deepEqual(await fetchBody(`${next.address('gateway')}/half/d`), bodyFor('/half/d'));
    assert.deepEqual(origin.asked.slice(before), ['/half/d']);
  });

  test('keeps nothing of an answer whose origin has died, and cuts those who were reading it', async (t) => {
    const origin = await startOrigin(t);
    const sluice = await start(t, origin.url);
    const readers = [1, 2, 3].map(() => fetchBody(`${sluice.address('gateway')}/half/e`));
    await until(() => origin.halves.length === 1, 'that the origin has stopped in the middle');
    origin.halves[0]!.destroy();
    const got = await Promise.all(readers);
    assert.ok(got.every((body) => body === null || body.equals(bodyFor('/half/e'))));
    assert.equal(got.includes(null), true);
    assert.deepEqual(await fetchBody(`${sluice.address('gateway')}/half/e`), bodyFor('/half/e'));
  });
});
