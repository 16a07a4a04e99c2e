// Requests that go out again after an answer that shows that nothing was done, over real connections of either version: the body comes
// whole, also when the client was still sending it, and one that is too long is sent once.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { sha256 } from '../support/ai-provider.ts';
import { http1Origin, http2Origin } from '../support/origins.ts';
import { RawClient } from '../support/raw-client.ts';
import { resendingEngine } from '../support/resending-engine.ts';

const BODY = Buffer.from(Array.from({ length: 3_000_000 }, (_each, index) => (index * 31) % 256));
const LIMIT_BYTES = 4 * 1024 * 1024;

interface LimitedOrigin {
  readonly url: string;
  /** The hashes of the bodies that have come whole. */
  readonly whole: string[];
  attempts: number;
  /** Another attempt has begun. */
  readonly isAsked: PromiseWithResolvers<void>;
}

/** Says 429 to the first attempts, at once or behind the body, and then yes. */
async function limitedOrigin(
  t: TestContext,
  version: 1 | 2,
  refusals: number,
  isAtOnce: boolean,
): Promise<LimitedOrigin> {
  const state = { whole: [] as string[], attempts: 0, isAsked: Promise.withResolvers<void>() };
  const take = (body: Readable, answer: (status: number) => void): void => {
    state.attempts += 1;
    const status = state.attempts <= refusals ? 429 : 200;
    if (status === 200) state.isAsked.resolve();
    const parts: Buffer[] = [];
    body.on('data', (part: Buffer) => parts.push(part)).on('error', () => {});
    if (status === 429 && isAtOnce) {
      answer(status);
      return;
    }
    body.on('end', () => {
      state.whole.push(sha256(Buffer.concat(parts)));
      answer(status);
    });
  };
  const text = (status: number): string => `said ${status}`;
  const url =
    version === 1
      ? await http1Origin(t, (request, response) => {
          take(request, (status) => void response.writeHead(status).end(text(status)));
        })
      : (
          await http2Origin(t, (stream) => {
            take(stream, (status) => {
              stream.respond({ ':status': status });
              stream.end(text(status));
            });
          })
        ).url;
  return Object.assign(state, { url });
}

function post(port: number, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve(`${answer.statusCode} ${Buffer.concat(parts).toString()}`));
    });
    request.on('error', reject).end(body);
  });
}

for (const version of [1, 2] as const) {
  describe(`an origin of HTTP/${version} that is limited`, () => {
    test('gets the same body again, octet by octet', async (t) => {
      const origin = await limitedOrigin(t, version, 2, false);
      const port = await resendingEngine(t, origin.url, LIMIT_BYTES);
      assert.equal(await post(port, BODY), '200 said 200');
      assert.deepEqual(
        origin.whole,
        Array.from({ length: 3 }, () => sha256(BODY)),
      );
    });

    test('gets it also while the client is still sending', async (t) => {
      const origin = await limitedOrigin(t, version, 1, true);
      const port = await resendingEngine(t, origin.url, LIMIT_BYTES);
      const client = await RawClient.connect(t, port);
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${BODY.length}\r\n\r\n`);
      client.send(BODY.subarray(0, 1_000_000));
      await origin.isAsked.promise;
      client.send(BODY.subarray(1_000_000));
      await client.closed();
      assert.match(client.text, /^HTTP\/1\.1 200 [^]*said 200/);
      assert.deepEqual(origin.whole, [sha256(BODY)]);
    });

    test('has its answer passed on when the body is too long to be kept', async (t) => {
      const origin = await limitedOrigin(t, version, 1, false);
      const port = await resendingEngine(t, origin.url, BODY.length - 1);
      assert.equal(await post(port, BODY), '429 said 429');
      assert.equal(origin.attempts, 1);
    });
  });
}
