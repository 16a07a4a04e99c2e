// Routes that lead elsewhere, asked over the network.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { Gateway } from '../support/gateway.ts';

describe('a redirect', () => {
  async function redirecting(t: TestContext): Promise<Gateway> {
    return Gateway.open(t, {
      gateway: {
        routes: [
          { match: { path: ['/old/*', '/very/old/*'] }, to: { redirect: '/new/{rest}' } },
          { match: { path: '/moved' }, to: { redirect: 'https://b.test/', status: 301 } },
          { match: { path: '/form' }, to: { redirect: '/done', status: 303 } },
          { match: { host: 'all.test' }, to: { redirect: 'https://all.test/{rest}' } },
        ],
      },
    });
  }

  test('sends the client elsewhere, with the rest of the path and the query', async (t) => {
    const { url } = await redirecting(t);
    const cases = [
      ['/old/a/b?c=d', 308, '/new/a/b?c=d'],
      ['/very/old/a%20b', 308, '/new/a%20b'],
      ['/old//evil.test/', 308, '/new/evil.test/'],
      ['/moved?x', 301, 'https://b.test/?x'],
    ] as const;
    for (const [path, status, location] of cases) {
      const answer = await ask(`${url}${path}`);
      assert.deepEqual([answer.status, answer.headers.location, answer.body], [status, location, '']);
    }
  });

  test('takes a request with a body to its end', async (t) => {
    const { url } = await redirecting(t);
    const { status, headers } = await ask(`${url}/form`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.deepEqual([status, headers.location], [303, '/done']);
  });

  test('of a whole host never leads to another one', async (t) => {
    const { url } = await redirecting(t);
    const { headers } = await ask(`${url}//evil.test/..%5C`, { headers: { host: 'all.test' } });
    assert.equal(headers.location, 'https://all.test/evil.test/..%5C');
  });
});
