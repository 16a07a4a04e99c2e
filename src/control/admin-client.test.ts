import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { ConfigError } from '../config/problem.ts';
import { AdminClient } from './admin-client.ts';
import { HttpDoor } from './http-door.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: TestContext, handler: Handler): Promise<string> {
  const door = new HttpDoor({ name: 'admin', key: 'admin.listen', listen: '127.0.0.1:0', handler });
  await door.start();
  t.after(() => door.close());
  return door.address;
}

function answering(status: number, body: unknown): Handler {
  return (_request, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

describe('the client of the admin API', () => {
  test('sends the token and gives what is answered', async (t) => {
    const address = await serve(t, ({ method, url, headers }, response) => {
      response.end(JSON.stringify({ method, url, authorization: headers.authorization }));
    });
    const client = new AdminClient({ address, token: 'x' });
    assert.deepEqual(await client.get('/a'), { method: 'GET', url: '/a', authorization: 'Bearer x' });
    assert.deepEqual(await client.post('/b'), { method: 'POST', url: '/b', authorization: 'Bearer x' });
    assert.deepEqual(await new AdminClient({ address, token: undefined }).get('/c'), { method: 'GET', url: '/c' });
  });

  test('reaches a door that listens on every address', async (t) => {
    const address = (await serve(t, answering(200, {}))).replace('127.0.0.1', '0.0.0.0');
    assert.deepEqual(await new AdminClient({ address, token: 'x' }).get('/'), {});
  });

  test('tells a refused token from a refused request', async (t) => {
    const refused = await serve(
      t,
      answering(401, { error: { code: 'unauthorized', message: 'No.', request_id: '1' } }),
    );
    await assert.rejects(new AdminClient({ address: refused, token: 'x' }).get('/'), {
      code: 'unauthorized',
      message: 'No.',
    });
    const unknown = await serve(t, answering(418, { error: { code: 'teapot', message: 'No.', request_id: '1' } }));
    await assert.rejects(new AdminClient({ address: unknown, token: 'x' }).get('/'), {
      code: 'internal',
      message: 'No.',
    });
  });

  test('gives back every problem of a config', async (t) => {
    const problem = {
      severity: 'error',
      code: 'config_missing',
      message: 'm',
      path: 'a',
      file: null,
      source: 'defaults',
      line: null,
    };
    const error = { code: 'config_invalid', message: 'm', request_id: '1', problems: [problem] };
    const address = await serve(t, answering(422, { error }));
    await assert.rejects(new AdminClient({ address, token: 'x' }).post('/'), (thrown: unknown) => {
      assert.ok(thrown instanceof ConfigError);
      assert.deepEqual(thrown.problems, [problem]);
      return true;
    });
  });

  test('says so when nobody answers, or somebody else does', async (t) => {
    const nobody = new HttpDoor({ name: 'admin', key: 'admin.listen', listen: '127.0.0.1:0', handler: () => {} });
    await nobody.start();
    await nobody.close();
    await assert.rejects(new AdminClient({ address: nobody.address, token: 'x' }).get('/'), {
      code: 'daemon_unreachable',
    });
    for (const body of ['<html>', 'null', '{"error":"no"}']) {
      const address = await serve(t, answering(404, body));
      await assert.rejects(new AdminClient({ address, token: 'x' }).get('/'), {
        message: /is not a Sluice \(status 404\)/,
      });
    }
  });

  test('gives up after its time', async (t) => {
    const address = await serve(t, () => {});
    await assert.rejects(new AdminClient({ address, token: 'x', timeoutMs: 20 }).get('/'), {
      code: 'upstream_timeout',
    });
  });

  test('refuses what is no address of a door', async () => {
    for (const address of ['', 'https://127.0.0.1:1', 'localhost:8889']) {
      await assert.rejects(new AdminClient({ address, token: 'x' }).get('/'), { code: 'usage' });
    }
  });
});
