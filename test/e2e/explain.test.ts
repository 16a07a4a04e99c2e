// `sluice explain` with the real program: what it says is what the traffic has left, whichever thread that came through.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { runSluice, startSluice } from '../support/sluice-process.ts';

/** A proxy that answers by itself. */
async function startHop(t: TestContext): Promise<number> {
  const server = createServer((_request, answer) => answer.end('from the hop'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

function statusThrough(proxy: string, url: string): Promise<number | undefined> {
  const { hostname: host, port } = new URL(proxy);
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path: url, headers: { Host: new URL(url).host }, agent: false });
    outgoing.on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    outgoing.on('error', reject).end();
  });
}

for (const workers of [1, 2]) {
  test(`explain knows what became of the proxies, with ${workers} at work`, async (t) => {
    const [dead, live] = [await closedPort(), await startHop(t)];
    const config = [
      `process: { workers: ${workers} }`,
      'egress: { chain: [exits] }',
      'hops:',
      '  exits:',
      `    proxies: [{ id: dead, url: "http://127.0.0.1:${dead}" }, { id: live, url: "http://127.0.0.1:${live}" }]`,
      '    breaker: { failures: 1, open_for: 60s }',
    ].join('\n');
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const explain = async (): Promise<string> => {
      const { code, stdout, stderr } = await runSluice(t, ['explain', 'http://a.test'], { folder: sluice.folder });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(await explain(), /^hops {7}1 exits → \w+, http:\S+: round_robin, one of 2$/m);
    // The one that is dead has its turn in one of two.
    for (let i = 0; i < 2 * workers; i += 1) {
      assert.equal(await statusThrough(sluice.address('egress'), 'http://a.test/'), 200);
    }
    const after = await explain();
    assert.match(after, /^hops {7}1 exits → live, http:\S+: the only one that is available$/m);
    assert.match(after, /^ +not dead: it has failed too often, is tried again in \d+ s$/m);
    assert.match(after, /^result {5}the request to a\.test:80 through exits\/live$/m);
  });
}
