// Bodies that are scanned by a real clamd on their way through a real gateway.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask } from '../support/ask.ts';
import { EICAR, KNOWN_BY_HASH, SIGNATURE, startClamd } from '../support/clamd.ts';
import { ask as http2Ask, http2Session } from '../support/http2-session.ts';
import { http2Origin, rawOrigin, readAll } from '../support/origins.ts';
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
} from '../support/scan-stage.ts';

describe('what servers answer', () => {
  test('passes as it is when it is clean', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const framing of ['length', 'chunked']) {
      for (const size of [0, 1, 68, 5000, HOLD, HOLD + 1, 1_000_000]) {
        const { status, headers, body } = await ask(`${stage.gateway.url}/clean/${size}/${framing}`);
        assert.equal(status, 200);
        assert.ok(body === clean(size), `${size} ${framing}`);
        assert.equal(headers['content-length'], framing === 'length' ? String(size) : undefined);
      }
    }
    assert.equal(stage.gateway.metric('sluice_scans_total', { direction: 'response', verdict: 'clean' }), 12);
    assert.deepEqual(stage.gateway.said, []);
  });

  test('is replaced by an error when it is infected and all of it is still here', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const framing of ['length', 'chunked']) {
      for (const size of [68, 5000, HOLD]) {
        const answer = await ask(`${stage.gateway.url}/infected/${size}/${framing}`);
        assert.equal(failedWith(answer, 403), 'content_infected', `${size} ${framing}`);
        assert.ok(answer.body.includes(SIGNATURE) && !answer.body.includes(EICAR), answer.body);
      }
    }
  });

  test('is cut when it is infected and a part of it is gone', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    for (const framing of ['length', 'chunked']) {
      for (const size of [HOLD + 20_000, 1_000_000]) {
        const got = await cutShort(`${stage.gateway.url}/infected/${size}/${framing}`);
        assert.ok(got.bytes <= size - HOLD, `${size} ${framing} ${got.bytes}`);
        assert.equal(got.complete, false);
      }
    }
    assert.equal(stage.gateway.metric('sluice_scans_total', { direction: 'response', verdict: 'infected' }), 4);
  });
});

describe('what clients send', () => {
  test('comes whole to the server when it is clean, and never when it is infected', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    const { gateway, backend } = stage;
    for (const headers of [{}, CHUNKED]) {
      for (const size of [68, 5000, HOLD, HOLD + 1, 1_000_000]) {
        const passed = await ask(gateway.url, post(clean(size), headers));
        assert.deepEqual([passed.status, passed.body], [200, String(size)]);
        backend.completed.length = 0;
        const stopped = await ask(gateway.url, post(infected(size), headers));
        assert.equal(failedWith(stopped, 403), 'content_infected');
        assert.deepEqual(backend.completed, []);
      }
    }
    await gateway.until(() => backend.cut.length > 0, 'that the server sees what was cut');
    assert.equal(gateway.metric('sluice_scans_total', { direction: 'request', verdict: 'infected' }), 10);
    assert.equal((await ask(`${gateway.url}/clean/10`)).status, 200);
  });

  test('is told of in the log, with the signature and the id of the request', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    const answer = await ask(stage.gateway.url, post(infected(100)));
    const { request_id: id } = (JSON.parse(answer.body) as { error: { request_id: string } }).error;
    const [line] = await stage.gateway.accessLines(1);
    assert.deepEqual([line?.['error.type'], line?.['request_id']], ['content_infected', id]);
    assert.deepEqual(
      stage.gateway.said.map(({ message, fields }) => [message, fields]),
      [
        [
          'infected content was stopped',
          {
            request_id: id,
            door: 'gateway',
            route: 'default',
            'client.address': '127.0.0.1',
            direction: 'request',
            signature: SIGNATURE,
          },
        ],
      ],
    );
  });
});

describe('a form', () => {
  const form = (...files: readonly (string | Buffer)[]): Buffer =>
    Buffer.concat([
      ...files.flatMap((file, index) => [
        Buffer.from(`--xyz\r\nContent-Disposition: form-data; name="f${index}"; filename="a"\r\n\r\n`),
        Buffer.from(file),
        Buffer.from('\r\n'),
      ]),
      Buffer.from('--xyz--\r\n'),
    ]);

  test('is searched file by file', async (t) => {
    const stage = await open(t, { scan: { connections: 2 } });
    if (stage === null) return;
    const { gateway, backend } = stage;
    const send = async (body: Buffer): Promise<number> => {
      const request = http.request(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary="xyz"' },
        agent: false,
      });
      request.end(body);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      return response.statusCode ?? 0;
    };
    const large = clean(500_000);
    for (const [body, status] of [
      [form('one', large, 'three'), 200],
      [form('one', KNOWN_BY_HASH), 403],
      [form(KNOWN_BY_HASH, large, 'three'), 403],
      [form(large, `x${KNOWN_BY_HASH}`), 200],
      [form(gzipSync(EICAR), large), 403],
      [form(large, gzipSync(EICAR)), 403],
      [Buffer.from(`--xyz\n\n${KNOWN_BY_HASH}\n--xyz--`), 403],
    ] as const) {
      backend.completed.length = 0;
      const answers = await Promise.all(Array.from({ length: 10 }, () => send(body)));
      assert.deepEqual(
        answers,
        answers.map(() => status),
      );
      assert.equal(backend.completed.length, status === 200 ? 10 : 0);
    }
    assert.equal(gateway.metric('sluice_scan_errors_total', { reason: 'form' }), 10);
    assert.equal(gateway.metric('sluice_scan_errors_total'), 10);
  });
});

describe('a scan', () => {
  test('is the same by HTTP/2', async (t) => {
    const stage = await open(t);
    if (stage === null) return;
    const session = await http2Session(t, stage.gateway.url);
    for (const size of [68, HOLD, 500_000]) {
      const body = clean(size);
      const answers = [await http2Ask(session, { ':path': `/clean/${size}` }), await http2Ask(session, POST, body)];
      assert.deepEqual(
        answers.map((answer) => [answer.status, answer.resetCode, answer.body.length]),
        [
          [200, 0, size],
          [200, 0, String(size).length],
        ],
      );
      const refused = await http2Ask(session, POST, infected(size));
      assert.equal(failedWith(refused, 403), 'content_infected');
      const got = await http2Ask(session, { ':path': `/infected/${size}` });
      if (size <= HOLD) assert.equal(failedWith(got, 403), 'content_infected');
      else assert.ok(got.resetCode !== 0 && got.body.length <= size - HOLD, `${got.resetCode} ${got.body.length}`);
    }
    assert.deepEqual(stage.backend.completed.filter((size) => size > 0).length, 3);
  });

  test('is the same for a backend that speaks HTTP/2', async (t) => {
    const ends: number[] = [];
    const backend = await http2Origin(t, (stream, fields) => {
      let size = 0;
      stream.on('data', (bytes: Buffer) => (size += bytes.length));
      stream.on('end', () => {
        if (stream.aborted || stream.destroyed) return;
        ends.push(size);
        stream.respond({ ':status': 200 });
        stream.end(fields[':path'] === '/bad' ? infected(500_000) : clean(500_000));
      });
    });
    const stage = await open(t, { settings: (_backend, scan) => everywhere(backend.url, scan) });
    if (stage === null) return;
    const { url } = stage.gateway;
    assert.equal((await ask(url, post(clean(300_000)))).body.length, 500_000);
    assert.deepEqual(ends, [300_000]);
    assert.equal(failedWith(await ask(url, post(infected(300_000))), 403), 'content_infected');
    assert.deepEqual(ends, [300_000]);
    assert.equal((await cutShort(`${url}/bad`)).complete, false);
  });

  test('reaches clamd over TCP as well', async (t) => {
    const clamd = await startClamd(t);
    if (clamd === undefined) return;
    const stage = await open(t, { clamd, scan: { clamd: clamd.tcpAddress } });
    assert.equal(failedWith(await ask(stage!.gateway.url, post(infected(500_000))), 403), 'content_infected');
    assert.equal((await ask(stage!.gateway.url, post(clean(500_000)))).body, '500000');
  });

  test('is decided on by the nearest place, for each direction', async (t) => {
    const stage = await open(t, {
      settings: (backend, scan) => ({
        gateway: {
          routes: [
            { match: { path: '/off/*' }, to: backend, policies: { scan: false } },
            { match: { path: '/up/*' }, to: backend, policies: { scan: { ...scan, responses: false } } },
            { match: { path: '/down/*' }, to: backend, policies: { scan: { ...scan, requests: false } } },
            { match: { path: '/*' }, to: backend },
          ],
          policies: { scan },
        },
      }),
      answer: (_request, response) => response.end(infected(100)),
    });
    if (stage === null) return;
    for (const [path, up, down] of [
      ['/off/', 200, 200],
      ['/up/', 403, 200],
      ['/down/', 200, 403],
      ['/both/', 403, 403],
    ] as const) {
      const url: string = stage.gateway.url + path;
      assert.deepEqual([(await ask(url, post(infected(100)))).status, (await ask(url)).status], [up, down], path);
    }
  });

  test('comes before compression, which goes by what the client wants', async (t) => {
    const stage = await open(t, {
      settings: (backend, scan) => ({
        gateway: { default_backend: backend, policies: { scan, compress: { encodings: ['gzip'] } } },
      }),
      answer: ({ url = '' }, response) => {
        response.setHeader('content-type', 'text/plain');
        response.end(url === '/bad' ? infected(5000) : clean(5000));
      },
    });
    if (stage === null) return;
    const wish = { headers: { 'accept-encoding': 'gzip' } };
    const answer = await ask(stage.gateway.url, wish);
    assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, 'gzip']);
    assert.equal(stage.backend.headers[0]?.['accept-encoding'], 'identity');
    assert.equal(failedWith(await ask(`${stage.gateway.url}/bad`, wish), 403), 'content_infected');
    assert.equal((await ask(stage.gateway.url)).body, clean(5000));
  });

  test('works for many bodies at once', async (t) => {
    const stage = await open(t, { scan: { connections: 10 } });
    if (stage === null) return;
    const { url } = stage.gateway;
    const sizes = [68, 5000, HOLD, 200_000];
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const size = sizes[index % sizes.length]!;
        const isBad = index % 3 === 0;
        const isUpload = index % 2 === 0;
        if (isUpload)
          return (await ask(url, post(isBad ? infected(size) : clean(size)))).status === (isBad ? 403 : 200);
        if (!isBad) return (await ask(`${url}/clean/${size}`)).body === clean(size);
        if (size <= HOLD) return (await ask(`${url}/infected/${size}`)).status === 403;
        return !(await cutShort(`${url}/infected/${size}`)).complete;
      }),
    );
    assert.ok(answers.every(Boolean), JSON.stringify(answers));
  });

  test('looks at what comes through the forward proxy, but not into tunnels', async (t) => {
    const stage = await open(t, {
      settings: (_backend, scan) => ({ egress: { allow_private: true, policies: { scan } } }),
    });
    if (stage === null) return;
    const { gateway, backend } = stage;
    const proxy = `http://127.0.0.1:${gateway.proxyPort}`;
    for (const [kind, status] of [
      ['clean', 200],
      ['infected', 403],
    ] as const) {
      assert.equal((await ask(proxy, { target: `${backend.url}/${kind}/500` })).status, status);
    }
    const tunnelled = await throughTunnel(gateway.proxyPort, new URL(backend.url).host, '/infected/500');
    assert.ok(tunnelled.includes(EICAR));
    await gateway.until(() => gateway.metric('sluice_scans_total', { verdict: 'skipped' }) === 1, 'that it is counted');
  });

  test('leaves upgraded connections alone', async (t) => {
    const origin = await rawOrigin(t, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n');
        socket.pipe(socket);
      });
    });
    const stage = await open(t, { settings: (_backend, scan) => everywhere(origin, scan) });
    if (stage === null) return;
    const { gateway } = stage;
    const request = http.get(gateway.url, { headers: { connection: 'upgrade', upgrade: 'test' }, agent: false });
    const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket];
    socket.write(EICAR);
    const [echoed] = (await once(socket, 'data')) as [Buffer];
    assert.equal(echoed.toString(), EICAR);
    socket.destroy();
    await gateway.until(() => gateway.metric('sluice_scans_total', { verdict: 'skipped' }) === 1, 'that it is counted');
  });
});

const POST = { ':method': 'POST' };

/** What comes on a connection through the proxy, until it is closed. */
async function throughTunnel(port: number, authority: string, path: string): Promise<string> {
  const request = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: authority, agent: false });
  request.end();
  const [, socket] = (await once(request, 'connect')) as [unknown, Socket];
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`);
  return readAll(socket);
}
