// Compression where it is not alone: on several threads, and on a route that scans and changes fields as well.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { SIGNATURE } from '../support/clamd.ts';
import type { GatewaySettings } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';
import { clean, cutShort, HOLD, infected, openScan, type ScanStage } from '../support/scan-stage.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;
type Encoding = keyof typeof DECODE;
const ENCODINGS: readonly Encoding[] = ['zstd', 'br', 'gzip'];

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** On a connection of its own. */
async function get(url: string, encoding: Encoding): Promise<Answer> {
  const request = http.get(url, { agent: false, headers: { 'accept-encoding': encoding } });
  // One that breaks off later is told of by the answer.
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
}

function assertCompressed({ status, headers, body }: Answer, encoding: Encoding, page: string): void {
  assert.deepEqual([status, headers['content-encoding'], headers.vary], [200, encoding, 'Accept-Encoding']);
  assert.ok(DECODE[encoding](body).equals(Buffer.from(page)), `${encoding}, ${page.length} bytes`);
  assert.ok(body.length < page.length / 2, `${encoding}: ${body.length} of ${page.length} bytes`);
}

/** One that is made on the spot, one that is made of pieces. */
const PAGES: Readonly<Record<string, string>> = { '/small': clean(6000), '/large': clean(500_000) };

describe('workers compress', () => {
  const MANY = 500;
  /** Says which thread has answered, by which configuration. */
  const own = `
    import { threadId } from 'node:worker_threads';
    export function policy({ word }) {
      return { response: ({ response }) => response.fields.set('X-By', \`\${word} \${threadId}\`) };
    }`;

  const configOf = (backend: string, word: string): string =>
    JSON.stringify({
      process: { workers: 2 },
      gateway: { listen: '127.0.0.1:0', default_backend: backend },
      egress: { listen: null },
      policies: { compress: {}, './own.ts': { word } },
    });

  async function startWith(t: TestContext): Promise<[SluiceProcess, backend: string]> {
    const backend = await http1Origin(t, ({ url = '' }, response) => {
      response.setHeader('Content-Type', 'text/html').end(PAGES[url]);
    });
    const files = { 'sluice.yaml': configOf(backend, 'old'), 'own.ts': own };
    return [await startSluice(t, { files }), backend];
  }

  /** Asks in all encodings until both threads have answered by that configuration. */
  async function askBoth(sluice: SluiceProcess, word: string): Promise<void> {
    const seen = new Set<string>();
    for (let turn = 0; seen.size < 2; turn++) {
      assert.ok(turn < MANY, `only these have answered: ${[...seen].join()}`);
      for (const encoding of ENCODINGS) {
        for (const [path, page] of Object.entries(PAGES)) {
          const answer = await get(sluice.address('gateway') + path, encoding);
          assertCompressed(answer, encoding, page);
          const by = String(answer.headers['x-by']);
          assert.ok(by.startsWith(word), by);
          seen.add(by);
        }
      }
    }
  }

  test('each for itself, and go on with it after a reload, during which nobody waits or fails', async (t) => {
    const [sluice, backend] = await startWith(t);
    await askBoth(sluice, 'old');
    const over = new AbortController();
    const clients = ENCODINGS.map(async (encoding) => {
      while (!over.signal.aborted)
        assertCompressed(await get(`${sluice.address('gateway')}/small`, encoding), encoding, clean(6000));
    });
    sluice.write('sluice.yaml', configOf(backend, 'new'));
    const reload = await runSluice(t, ['reload'], { folder: sluice.folder });
    assert.equal(reload.code, 0, reload.stderr);
    over.abort();
    await Promise.all(clients);
    await askBoth(sluice, 'new');
  });
});

describe('a route that compresses, scans and changes fields', () => {
  /** The server does not know that it is text; what is said here counts. */
  const headers = { response: { set: { 'Content-Type': 'text/plain', 'X-Own': 'yes' }, remove: ['X-Inner'] } };

  function settings(backend: string, scan: object): GatewaySettings {
    const route = { match: { path: '/*' }, to: backend, policies: { compress: {}, scan, headers } };
    return { gateway: { routes: [route] } };
  }

  /** As the path says: /infected/1000 */
  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const [, kind, size] = (request.url ?? '').split('/');
    response.writeHead(200, { 'Content-Type': 'image/png', 'X-Inner': 'secret' });
    response.end(kind === 'infected' ? infected(Number(size)) : clean(Number(size)));
  }

  const open = (t: TestContext): Promise<ScanStage | null> => openScan(t, { settings, answer });

  test('gives what is clean compressed, whole and with those fields', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const encoding of ENCODINGS) {
      for (const size of [2000, HOLD, HOLD + 1, 1_000_000]) {
        const got = await get(`${stage.gateway.url}/clean/${size}`, encoding);
        assertCompressed(got, encoding, clean(size));
        const { 'x-own': own, 'x-inner': inner, 'content-type': type } = got.headers;
        assert.deepEqual([own, inner, type], ['yes', undefined, 'text/plain']);
      }
    }
    assert.equal(stage.gateway.metric('sluice_scans_total', { direction: 'response', verdict: 'clean' }), 12);
  });

  test('refuses what is infected as if it had never been compressed', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const encoding of ENCODINGS) {
      const got = await get(`${stage.gateway.url}/infected/5000`, encoding);
      const told = got.headers['content-encoding'] === undefined ? got.body : DECODE[encoding](got.body);
      assert.equal(got.status, 403);
      assert.match(told.toString(), new RegExp(`"content_infected".*${SIGNATURE}`, 's'));
    }
    assertCompressed(await get(`${stage.gateway.url}/clean/5000`, 'gzip'), 'gzip', clean(5000));
  });

  test('cuts what turns out to be infected later, so that nobody takes it for whole', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    const { complete } = await cutShort(`${stage.gateway.url}/infected/1000000`);
    assert.equal(complete, false);
    for (const encoding of ENCODINGS) {
      const got: Answer | null = await get(`${stage.gateway.url}/infected/1000000`, encoding).catch(() => null);
      // What is compressed may not have begun when the verdict comes.
      assert.ok(got === null || got.status === 403, `${encoding}: ${got?.status}`);
    }
    assert.equal(stage.gateway.metric('sluice_scans_total', { direction: 'response', verdict: 'infected' }), 4);
  });
});
