// Bodies that cannot be scanned, and a clamd that does not answer: what passes, what does not, and how long that takes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ask } from '../support/ask.ts';
import { EICAR } from '../support/clamd.ts';
import { readAll } from '../support/origins.ts';
import {
  CHUNKED,
  clean,
  cutShort,
  everywhere,
  failedWith,
  HOLD,
  infected,
  openScan as open,
  post,
  type ScanStage,
} from '../support/scan-stage.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const errors = ({ gateway }: ScanStage, direction: string, reason: string): number =>
  gateway.metric('sluice_scan_errors_total', { direction, reason });

describe('a body that is too large', () => {
  const scan = { max_size: 100_000 };

  test('is refused, as soon as that is known', async (t) => {
    const stage = await open(t, { scan });
    if (stage === null) return;
    const { gateway, backend } = stage;
    for (const headers of [{}, CHUNKED]) {
      assert.equal((await ask(gateway.url, post(clean(100_000), headers))).body, '100000');
      const answer = await ask(gateway.url, post(clean(100_001), headers));
      assert.equal(failedWith(answer, 413), 'request_body_too_large');
      assert.match(answer.body, /was not scanned: it is larger than the 100000 bytes/);
    }
    assert.deepEqual(backend.completed, [100_000, 100_000]);
    assert.equal((await ask(`${gateway.url}/clean/100000`)).body.length, 100_000);
    assert.equal(failedWith(await ask(`${gateway.url}/clean/100001`), 403), 'content_not_scannable');
    assert.deepEqual([errors(stage, 'request', 'too_large'), errors(stage, 'response', 'too_large')], [2, 1]);
  });

  test('that is still here whole is answered for with an error', async (t) => {
    const stage = await open(t, { scan: { max_size: 10_000 } });
    if (stage === null) return;
    assert.equal(failedWith(await ask(`${stage.gateway.url}/clean/30000/chunked`), 403), 'content_not_scannable');
  });

  test('is cut when a part of it is gone', async (t) => {
    let finish: () => void = () => {};
    const stage = await open(t, {
      scan,
      answer: (_request, response) => {
        response.write(clean(99_000));
        finish = () => response.end(clean(99_000));
      },
    });
    if (stage === null) return;
    const { bytes, complete } = await cutShort(stage.gateway.url, () => finish());
    assert.deepEqual([bytes > 0, complete], [true, false]);
    assert.equal(errors(stage, 'response', 'too_large'), 1);
  });

  test('passes where that is allowed', async (t) => {
    const stage = await open(t, { scan: { ...scan, on_error: 'allow' } });
    if (stage === null) return;
    const { gateway, backend } = stage;
    for (const headers of [{}, CHUNKED]) {
      assert.equal((await ask(gateway.url, post(infected(1_000_000), headers))).body, '1000000');
      assert.equal(failedWith(await ask(gateway.url, post(infected(100_000), headers)), 403), 'content_infected');
    }
    for (const framing of ['length', 'chunked']) {
      assert.ok((await ask(`${gateway.url}/infected/1000000/${framing}`)).body === infected(1_000_000));
    }
    assert.deepEqual(
      backend.completed.filter((size) => size > 0),
      [1_000_000, 1_000_000],
    );
    assert.equal(gateway.said[0]?.message, 'content was let through without a scan');
  });

  test('for clamd itself is an error as well', async (t) => {
    const stage = await open(t, { scan: { max_size: '90MiB' } });
    if (stage === null) return;
    const body = clean(30_000_000);
    const { status } = await ask(stage.gateway.url, post(body));
    // Its answer may be lost, for it closes the connection in the middle of what it is sent.
    assert.ok(status === 413 || status === 503, String(status));
    assert.deepEqual(stage.backend.completed, []);
  });
});

describe('what hides its content from the scanner', () => {
  const answering =
    (headers: http.OutgoingHttpHeaders, body: string | Buffer, status = 200): http.RequestListener =>
    (_request, response) => {
      response.writeHead(status, headers);
      response.end(body);
    };

  test('is not asked for', async (t) => {
    const stage = await open(t, {
      answer: (_request, response) => {
        response.setHeader('accept-ranges', 'bytes');
        response.end('whole');
      },
    });
    if (stage === null) return;
    const headers = { range: 'bytes=10-20', 'if-range': '"a"', 'accept-encoding': 'br, gzip' };
    const answer = await ask(stage.gateway.url, { headers });
    assert.deepEqual([answer.status, answer.body, answer.headers['accept-ranges']], [200, 'whole', undefined]);
    const [seen] = stage.backend.headers;
    assert.deepEqual([seen?.['accept-encoding'], seen?.range, seen?.['if-range']], ['identity', undefined, undefined]);
  });

  for (const [what, headers, body, status] of [
    ['an encoding', { 'content-encoding': 'br' }, brotliCompressSync(EICAR), 200],
    ['another encoding', { 'content-encoding': 'deflate' }, deflateSync(EICAR), 200],
    ['two encodings', { 'content-encoding': 'gzip, br' }, 'x', 200],
    ['a part', { 'content-range': 'bytes 0-0/9' }, 'x', 206],
    ['parts', { 'content-type': 'multipart/byteranges; boundary=x' }, 'x', 206],
    ['events', { 'content-type': 'text/event-stream; charset=utf-8' }, 'data: x\n\n', 200],
    ['pictures without an end', { 'content-type': 'Multipart/X-Mixed-Replace;boundary=x' }, 'x', 200],
    ['messages of gRPC', { 'content-type': 'application/grpc+proto' }, 'x', 200],
  ] as const) {
    test(`does not pass when it comes all the same: ${what}`, async (t) => {
      for (const [onError, expected] of [
        ['deny', 403],
        ['allow', status],
      ] as const) {
        const stage = await open(t, { scan: { on_error: onError }, answer: answering(headers, body, status) });
        if (stage === null) return;
        const answer = await ask(stage.gateway.url);
        assert.equal(answer.status, expected, answer.body);
        if (expected === 403) assert.equal(failedWith(answer, 403), 'content_not_scannable');
        assert.equal((await ask(stage.gateway.url, { method: 'HEAD' })).status, status);
        assert.equal(stage.gateway.metric('sluice_scans_total', { verdict: 'error' }), 1);
      }
    });
  }

  test('is nothing that clients may send either', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const headers of [
      { 'content-encoding': 'br' },
      { 'content-range': 'bytes 0-0/9' },
      { 'content-type': 'application/grpc' },
    ]) {
      assert.equal(failedWith(await ask(stage.gateway.url, post('x', headers)), 403), 'content_not_scannable');
    }
    assert.deepEqual(stage.backend.headers, []);
  });

  test('is no encoding with gzip, which clamd looks into', async (t) => {
    const zipped = { 'content-encoding': 'gzip' };
    const stage = await open(t, {
      answer: ({ url }, response) => {
        response.writeHead(200, zipped);
        response.end(gzipSync(url === '/bad' ? infected(500) : clean(500)));
      },
    });
    if (stage === null) return;
    assert.equal((await ask(stage.gateway.url)).status, 200);
    assert.equal(failedWith(await ask(`${stage.gateway.url}/bad`), 403), 'content_infected');
    const upload = gzipSync(infected(500)).toString('latin1');
    const request = http.request(stage.gateway.url, { method: 'POST', headers: zipped, agent: false });
    request.end(upload, 'latin1');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(
      failedWith({ status: response.statusCode ?? 0, body: await readAll(response) }, 403),
      'content_infected',
    );
  });

  test('streams at once where it is allowed to pass', async (t) => {
    let finish: () => void = () => {};
    const stage = await open(t, {
      scan: { on_error: 'allow' },
      answer: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        finish = () => response.end();
      },
    });
    if (stage === null) return;
    const request = http.get(stage.gateway.url, { agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    assert.equal(first.toString(), 'data: 1\n\n');
    finish();
    response.resume();
    await once(response, 'end');
  });
});

test('an answer without a body is none of a scanner’s business', async (t) => {
  const stage = await open(t, {
    answer: ({ url }, response) => {
      response.writeHead(url === '/204' ? 204 : 304, { etag: '"a"' });
      response.end();
    },
  });
  if (stage === null) return;
  stage.clamd.process.signal('SIGSTOP');
  for (const [path, method, status] of [
    ['/204', 'GET', 204],
    ['/304', 'GET', 304],
    ['/204', 'HEAD', 204],
    ['/304', 'OPTIONS', 304],
  ] as const) {
    assert.equal((await ask(stage.gateway.url + path, { method })).status, status);
  }
  assert.equal(stage.gateway.metric('sluice_scans_total'), 0);
});

describe('a clamd that is gone', () => {
  test('lets nothing through, and everything where that is allowed', async (t) => {
    for (const onError of ['deny', 'allow'] as const) {
      const stage = await open(t, { scan: { on_error: onError } });
      if (stage === null) return;
      const { gateway, backend, clamd } = stage;
      assert.equal((await ask(gateway.url, post(clean(500)))).status, 200);
      await clamd.process.stop();
      backend.completed.length = 0;
      for (let round = 0; round < 5; round += 1) {
        const answers = [await ask(gateway.url, post(clean(500))), await ask(`${gateway.url}/clean/500`)];
        for (const answer of answers) {
          if (onError === 'deny') assert.equal(failedWith(answer, 503), 'scan_failed');
          else assert.equal(answer.status, 200);
        }
      }
      const uploads = backend.completed.filter((size) => size > 0).length;
      assert.equal(uploads, onError === 'deny' ? 0 : 5);
      assert.equal(errors(stage, 'request', 'unreachable'), 5);
      assert.match(String(gateway.said[0]?.fields['detail']), /^clamd cannot be reached: .*clamd\.ctl/);
    }
  });

  test('in the middle of a body cuts it', async (t) => {
    let finish: () => void = () => {};
    const stage = await open(t, {
      answer: (_request, response) => {
        response.write(clean(300_000));
        finish = () => response.end(clean(300_000));
      },
    });
    if (stage === null) return;
    const { gateway, clamd } = stage;
    const { complete } = await cutShort(gateway.url, () => void clamd.process.stop().then(finish));
    assert.equal(complete, false);
    assert.equal(gateway.metric('sluice_scans_total', { direction: 'response', verdict: 'error' }), 1);
  });
});

describe('a clamd that has frozen', () => {
  test('is waited for as long as it may take, and no longer', async (t) => {
    for (const onError of ['deny', 'allow'] as const) {
      const stage = await open(t, { scan: { timeout: '200ms', on_error: onError } });
      if (stage === null) return;
      const { gateway, clamd, backend } = stage;
      clamd.process.signal('SIGSTOP');
      const bodies = [clean(500), clean(5_000_000)];
      for (const answer of await Promise.all(bodies.map((body) => ask(gateway.url, post(body))))) {
        if (onError === 'deny') assert.equal(failedWith(answer, 503), 'scan_failed');
        else assert.equal(answer.status, 200);
      }
      assert.deepEqual(
        backend.completed.toSorted((a, b) => a - b),
        onError === 'deny' ? [] : [500, 5_000_000],
      );
      assert.equal(errors(stage, 'request', 'timeout'), 2);
      clamd.process.signal('SIGCONT');
      assert.equal(failedWith(await ask(gateway.url, post(infected(500))), 403), 'content_infected');
    }
  });

  test('holds clients back instead of gathering what they send', async (t) => {
    const stage = await open(t, {
      scan: { max_size: '1GiB', timeout: '500ms' },
      settings: (backend, scan) => ({ ...everywhere(backend, scan), limits: { body: '1GiB' } }),
    });
    if (stage === null) return;
    const { gateway, clamd } = stage;
    clamd.process.signal('SIGSTOP');
    const request = http.request(gateway.url, { method: 'POST', headers: CHUNKED, agent: false });
    request.on('error', () => {});
    request.end(Buffer.alloc(64_000_000));
    const [line] = await gateway.accessLines(1);
    request.destroy();
    clamd.process.signal('SIGCONT');
    assert.equal(line?.['error.type'], 'scan_failed');
    const received = Number(line['http.request.body.size']);
    assert.ok(received > HOLD && received < 8_000_000, `${received} bytes went somewhere`);
  });
});

test('a client that goes away ends its scans', async (t) => {
  const stage = await open(t);
  if (stage === null) return;
  for (let round = 0; round < 20; round += 1) {
    const request = http.request(stage.gateway.url, { method: 'POST', headers: CHUNKED, agent: false });
    request.on('error', () => {});
    request.write(clean(HOLD + 100_000), () => request.destroy());
    await new Promise((resolve) => void request.once('close', resolve));
  }
  assert.equal((await ask(stage.gateway.url, post(clean(500)))).status, 200);
});

test('a reload switches scanning on and off', async (t) => {
  const stage = await open(t);
  if (stage === null) return;
  const { gateway, backend, clamd } = stage;
  await gateway.apply({ gateway: { default_backend: backend.url } });
  assert.equal((await ask(gateway.url, post(infected(500)))).status, 200);
  await gateway.apply(everywhere(backend.url, { clamd: clamd.address }));
  assert.equal((await ask(gateway.url, post(infected(500)))).status, 403);
});

test('what workers find is told by the main thread', async (t) => {
  const stage = await open(t);
  if (stage === null) return;
  const scan = { clamd: stage.clamd.address };
  const workers = await WorkerStage.open(t, 2, everywhere(stage.backend.url, scan));
  assert.equal(failedWith(await ask(workers.url, post(infected(500))), 403), 'content_infected');
  await workers.until(() => workers.said.length === 1, 'that it is told');
  assert.equal(workers.said[0]?.message, 'infected content was stopped');
});
