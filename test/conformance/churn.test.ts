// Many clients, some of which do well and some badly, one batch after the other. Rule: what they leave behind is counted, not timed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { countHeadBuffers } from '../support/engine-rig.ts';
import { gatewayTo } from '../support/gateway.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';

const get = (...lines: readonly string[]): string => ['GET / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');
const post = (...lines: readonly string[]): string => ['POST / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');

describe('two thousand clients', () => {
  type Script = (client: RawClient) => Promise<void>;

  /** What a client does; the second number says how many requests of it are answered for certain. */
  const scripts: readonly (readonly [script: Script, requests: number])[] = [
    [
      async (client) => {
        client.send(get() + get('Connection: close'));
        await client.closed();
        assert.deepEqual(
          client.answers().map(({ status, body }) => `${status} ${body}`),
          ['200 ok', '200 ok'],
        );
      },
      2,
    ],
    [
      async (client) => {
        client.send(`${post('Content-Length: 5')}hello`);
        await client.untilText(/ok$/);
        client.socket.end();
      },
      1,
    ],
    [(client) => Promise.resolve(void client.socket.end()), 0],
    [
      async (client) => {
        client.send('GET / HTTP/1.1\r\nHo');
        await nextTurn();
        client.socket.resetAndDestroy();
      },
      0,
    ],
    [
      async (client) => {
        client.send('\0');
        await client.closed();
        assert.match(client.text, /^HTTP\/1\.1 400 /);
      },
      1,
    ],
    [
      async (client) => {
        client.send(`${post('Transfer-Encoding: chunked', 'Connection: close')}5\r\nhello\r\n0\r\n\r\n`);
        await client.closed();
        assert.match(client.text, /ok$/);
      },
      1,
    ],
  ];

  test('come, do well or badly, and go, and all is as it was', async (t) => {
    const origin = await RecordingOrigin.open(t);
    const gateway = await gatewayTo(t, origin.url);
    const total = 2000;
    const atOnce = 40;
    let answered = 0;
    for (let from = 0; from < total; from += atOnce) {
      const batch = Array.from({ length: atOnce }, async (_, index) => {
        const [script, requests] = scripts[(from + index) % scripts.length]!;
        const client = await RawClient.connect(t, gateway.port);
        await script(client);
        answered += requests;
      });
      await Promise.all(batch);
    }
    await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that all are gone');
    assert.equal(gateway.metric('sluice_connections_total'), total);
    assert.equal(gateway.metric('sluice_http_requests_total'), answered);
    assert.equal((await gateway.accessLines(answered)).length, answered);
    assert.ok(origin.sockets.length <= atOnce * 2, `${origin.sockets.length} connections to the origin`);
    assert.equal(gateway.metric('sluice_upstream_connections_open'), origin.openConnections);
    assert.equal(countHeadBuffers(), 0);
  });
});
