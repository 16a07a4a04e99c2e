import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ask } from '../../test/support/ask.ts';
import type { ExposedReport } from '../runtime/tunnel-client/exposed-board.ts';
import { openInspector } from './tunnel-inspector.ts';

const EXPOSED = {
  reports: (): ExposedReport[] => [],
  requests: () => [],
  findRequest: () => null,
  forgetRequests: () => {},
  replay: () => Promise.reject(new Error('never')),
};

async function open(t: TestContext, listen: string | null): ReturnType<typeof openInspector> {
  const inspector = await openInspector(listen, EXPOSED);
  t.after(() => inspector.close());
  return inspector;
}

test('an inspector takes the next port where one is taken, and lets in who has its own token', async (t) => {
  const [one, two] = [await open(t, null), await open(t, null)];
  assert.notEqual(one.url, two.url);
  const statusOf = async (url: string, token: string, host?: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}`, ...(host !== undefined && { Host: host }) };
    return (await ask(`${url}/api/v1/tunnels/requests`, { headers })).status;
  };
  assert.deepEqual([await statusOf(one.url, one.token), await statusOf(one.url, two.token)], [200, 401]);
  assert.equal(await statusOf(one.url, one.token, 'rebound.example.com'), 403);
  assert.equal((await ask(`${one.url}/`)).status, 200);
  assert.equal(
    (await ask(`${one.url}/api/v1/status`, { headers: { Authorization: `Bearer ${one.token}` } })).status,
    404,
  );
});

test('an address that was asked for is the only one', async (t) => {
  const { url } = await open(t, '127.0.0.1:0');
  await assert.rejects(openInspector(new URL(url).host, EXPOSED), {
    code: 'listen_failed',
    message: /--inspect: cannot listen .* already in use\. Choose another with --inspect HOST:PORT\.$/,
  });
});
