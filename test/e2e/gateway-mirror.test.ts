// Copies of requests as both servers and the client see them: nginx answers the client, whatever becomes of the copies.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../support/ask.ts';
import { Gateway } from '../support/gateway.ts';
import { startNginx } from '../support/nginx.ts';
import { http1Origin, reflectingOrigin, rawOrigin, type Seen, seenBy, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { WorkerStage } from '../support/worker-stage.ts';

interface Recording {
  readonly url: string;
  readonly seen: Seen[];
}

/** Writes down what has come, and answers as it is told. */
async function recordingOrigin(
  t: TestContext,
  answer: (response: http.ServerResponse) => void = (response) => void response.end(),
): Promise<Recording> {
  const seen: Seen[] = [];
  const url = await http1Origin(t, (request, response) => {
    seenBy(request).then(
      (each) => {
        seen.push(each);
        answer(response);
      },
      () => response.destroy(),
    );
  });
  return { url, seen };
}

const outcome = (each: string): Record<string, string> => ({ outcome: each });

describe('a mirror', () => {
  test('gets what nginx gets, from curl by HTTP/1.1 and HTTP/2', async (t) => {
    const nginx = await startNginx(t, 'nginx');
    const curl = requirePeer(t, 'curl');
    if (nginx === undefined || curl === undefined) return;
    const second = await recordingOrigin(t, (response) => {
      response.statusCode = 500;
      response.end('x'.repeat(100_000));
    });
    const policies = { mirror: { to: second.url } };
    const routes = [{ to: `http://127.0.0.1:${nginx.port}`, policies }];
    const gateway = await Gateway.open(t, { gateway: { routes } });
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      const options = ['-s', '--max-time', '10', version, '-H', 'Cookie: a=b', '-d', 'hello', `${gateway.url}/a?b=c`];
      assert.equal((await promisify(execFile)(curl, options)).stdout, 'nginx');
    }
    await gateway.until(
      () => gateway.metric('sluice_mirrored_requests_total', outcome('answered')) === 2,
      'the copies',
    );
    for (const copy of second.seen) {
      assert.deepEqual([copy.method, copy.target, copy.body], ['POST', '/a?b=c', 'hello']);
      assert.deepEqual(valuesOf(copy, 'x-sluice-mirror'), ['1']);
      assert.deepEqual(valuesOf(copy, 'host'), [new URL(gateway.url).host]);
      assert.deepEqual(valuesOf(copy, 'cookie'), ['a=b']);
      assert.deepEqual(valuesOf(copy, 'x-forwarded-for'), ['127.0.0.1']);
    }
  });

  test('that is dead, silent, cut short or slow changes nothing for the client', async (t) => {
    const reflecting = await reflectingOrigin(t);
    const bodies = ['', 'x'.repeat(500_000)];
    for (const [name, to, expected] of [
      ['dead', 'http://127.0.0.1:1', 'failed'],
      ['silent', await rawOrigin(t, () => {}), 'failed'],
      ['cut short', await rawOrigin(t, (socket) => socket.destroy()), 'failed'],
    ] as const) {
      const routes = [{ to: reflecting, policies: { mirror: { to, timeout: '300ms' } } }];
      const gateway = await Gateway.open(t, { gateway: { routes } });
      for (const body of bodies) {
        const { status, body: text } = await ask(gateway.url, { method: 'POST', body });
        assert.equal(status, 200, name);
        assert.equal((JSON.parse(text) as Seen).body.length, body.length, name);
      }
      const isCounted = (): boolean => gateway.metric('sluice_mirrored_requests_total', outcome(expected)) === 2;
      await gateway.until(isCounted, `the copies to the one that is ${name}`);
      assert.equal(gateway.metric('sluice_http_requests_total'), 2);
    }
  });

  test('gets no body that is too large, while the server itself does', async (t) => {
    const second = await recordingOrigin(t);
    const routes = [{ to: await reflectingOrigin(t), policies: { mirror: { to: second.url, max_body: '1KiB' } } }];
    const gateway = await Gateway.open(t, { gateway: { routes } });
    const body = 'x'.repeat(100_000);
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
      const { body: text } = await ask(gateway.url, { method: 'POST', body, headers });
      assert.equal((JSON.parse(text) as Seen).body, body);
    }
    await gateway.until(() => gateway.metric('sluice_mirrored_requests_total', outcome('too_large')) === 2, 'both');
    assert.deepEqual(second.seen, []);
  });

  test('gets its share, of each thread exactly, and no copy of a copy', async (t) => {
    const second = await recordingOrigin(t);
    const policies = { mirror: { to: second.url, share: '50%' } };
    const stage = await WorkerStage.open(t, 2, {
      gateway: { routes: [{ to: { respond: { status: 204 } } }], policies },
    });
    for (let round = 0; round < 40; round++) assert.equal((await ask(stage.url)).status, 204);
    const marked = { 'x-sluice-mirror': '1' };
    for (let round = 0; round < 10; round++) await ask(stage.url, { headers: marked });
    const answered = (): number => stage.view.total('sluice_mirrored_requests_total');
    await stage.until(() => answered() >= 19, 'the copies');
    // Each of the two threads may have half a copy to its credit.
    assert.ok(answered() <= 20, String(answered()));
  });

  test('is off where a route says so', async (t) => {
    const second = await recordingOrigin(t);
    const to = { respond: { status: 204 } };
    const routes = [{ match: { path: '/off' }, to, policies: { mirror: false } }, { to }];
    const gateway = await Gateway.open(t, { gateway: { routes, policies: { mirror: { to: second.url } } } });
    await ask(`${gateway.url}/off`);
    await ask(`${gateway.url}/on`);
    await gateway.until(() => gateway.metric('sluice_mirrored_requests_total', outcome('answered')) === 1, 'the copy');
    assert.deepEqual(
      second.seen.map(({ target }) => target),
      ['/on'],
    );
  });
});
