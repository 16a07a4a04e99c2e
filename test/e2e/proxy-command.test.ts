// The one-liners with the real program: `sluice proxy` as a person starts it, and another program sent through it.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { runSluice, startSluice } from '../support/sluice-process.ts';

interface Hop {
  readonly place: string;
  readonly requests: string[];
}

/** A proxy that answers by itself and writes down what it was asked. */
async function startHop(t: TestContext): Promise<Hop> {
  const requests: string[] = [];
  const server = createServer((request: IncomingMessage, answer) => {
    requests.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
    answer.end('from the hop');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const FETCH = `fetch('http://nowhere.example/x').then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
const SILENT = { SLUICE_METRICS__LISTEN: 'null' };

describe('sluice proxy', () => {
  test('sends what another program asks for through the proxies that it was given', async (t) => {
    const hop = await startHop(t);
    const args = ['proxy', '--listen', '127.0.0.1:0', '--via', `http://jo:p%40ss@${hop.place}`];
    const { folder } = await startSluice(t, { args, env: SILENT });
    const ran = await runSluice(t, ['run', '--', process.execPath, '-e', FETCH], { folder, env: SILENT });
    assert.deepEqual([ran.code, ran.stdout], [0, 'from the hop'], ran.stderr);
    const credentials = Buffer.from('jo:p@ss').toString('base64');
    assert.deepEqual(hop.requests, [`GET http://nowhere.example/x Basic ${credentials}`]);
  });

  test('takes its exits from a file, and says in its lines for a shell where it is', async (t) => {
    const hop = await startHop(t);
    const args = ['proxy', '--listen', '127.0.0.1:0', '--pool', 'pool.txt', '--strategy', 'random'];
    const files = { 'pool.txt': `# exits\n${hop.place}:jo:secret\n` };
    const { folder } = await startSluice(t, { args, files, env: SILENT });
    const lines = await runSluice(t, ['env', '--shell', 'sh'], { folder, env: SILENT });
    assert.match(lines.stdout, /^export HTTP_PROXY='http:\/\/127\.0\.0\.1:\d+'\n/);
    const ran = await runSluice(t, ['run', '--', process.execPath, '-e', FETCH], { folder, env: SILENT });
    assert.equal(ran.stdout, 'from the hop', ran.stderr);
    assert.equal(hop.requests.length, 1);
  });
});
