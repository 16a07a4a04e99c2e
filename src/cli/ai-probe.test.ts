import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';
import { makeCertificate } from '../../test/support/pki.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type Probe, sendProbe } from './ai-probe.ts';

const PROBE: Probe = { method: 'POST', path: '/a?b', headers: { 'X-Sluice-Token': 't' }, body: '{"ä":1}' };

async function listen(t: TestContext, server: http.Server | https.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function echo(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method, url, headers } = request;
  response.writeHead(203, { 'request-id': 'r-1' });
  response.end([method, url, headers['x-sluice-token'], Buffer.concat(parts).toString()].join(' '));
}

describe('a probe', () => {
  test('is sent to the door, in the clear or by TLS, and what is answered is read', async (t) => {
    const { cert, key } = makeCertificate(temporaryFolder(t), 'gateway.example');
    const secure = https.createServer(
      { cert: readFileSync(cert), key: readFileSync(key) },
      (...of) => void echo(...of),
    );
    const plain = await listen(
      t,
      http.createServer((...of) => void echo(...of)),
    );
    const doors = [
      `http://127.0.0.1:${plain}`,
      `http://0.0.0.0:${plain}`,
      `https://127.0.0.1:${await listen(t, secure)}`,
    ];
    for (const door of doors) {
      const { latencyMs, ...result } = await sendProbe(door, PROBE, 10_000);
      assert.ok(latencyMs > 0);
      const expected = { status: 203, requestId: 'r-1', body: 'POST /a?b t {"ä":1}', fault: null, isLate: false };
      assert.deepEqual(result, expected, door);
    }
  });

  test('that is not answered, or not to the end, is a result too', async (t) => {
    const silent = await listen(t, http.createServer());
    const late = await sendProbe(`http://127.0.0.1:${silent}`, PROBE, 20);
    assert.deepEqual([late.status, late.fault, late.isLate], [null, 'no whole answer within 0.02 s', true]);
    const cutting = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 9 });
      response.write('hel', () => response.destroy());
    });
    const cut = await sendProbe(`http://127.0.0.1:${await listen(t, cutting)}`, { ...PROBE, body: null }, 10_000);
    assert.equal(cut.status, 200);
    assert.notEqual(cut.fault, null);
    const gone = http.createServer();
    const port = await listen(t, gone);
    gone.close();
    await once(gone, 'close');
    assert.match((await sendProbe(`http://127.0.0.1:${port}`, PROBE, 10_000)).fault ?? '', /ECONNREFUSED/);
  });
});
