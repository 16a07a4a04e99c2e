import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClientServer, json, says } from '../../test/support/client-server.ts';
import { ClientConnection, SluiceRequestError } from './client-connection.ts';

describe('the connection of a client', () => {
  test('says who it is, and sends JSON', async (t) => {
    const server = await ClientServer.open(t, json({ ok: true }), json({ ok: false }));
    const connection = new ClientConnection({ url: `${server.url}/`, token: 'secret' });
    assert.deepEqual(await connection.json({ method: 'POST', path: '/x', body: { a: 1 } }), { ok: true });
    assert.deepEqual(await new ClientConnection({ url: server.url }).json({ method: 'GET', path: '/y' }), {
      ok: false,
    });
    const [first, second] = server.asked;
    assert.deepEqual(
      [first?.line, first?.body, first?.headers.authorization, first?.headers['content-type']],
      ['POST /x', '{"a":1}', 'Bearer secret', 'application/json'],
    );
    assert.deepEqual(
      [second?.line, second?.headers.authorization, second?.headers['content-type']],
      ['GET /y', undefined, undefined],
    );
  });

  test('throws what Sluice answers in place of what was asked for', async (t) => {
    const error = { code: 'processes_busy', message: 'As many run as may.', request_id: 'r-1' };
    const server = await ClientServer.open(t, json({ error }, 503, { 'Retry-After': '5' }), (response) =>
      response.writeHead(502).end('<html>'),
    );
    const connection = new ClientConnection({ url: server.url });
    await assert.rejects(connection.json({ method: 'GET', path: '/' }), (thrown: unknown) => {
      assert.ok(thrown instanceof SluiceRequestError);
      const { name, message, status, code, requestId, retryAfterMs } = thrown;
      assert.deepEqual(
        [name, message, status, code, requestId, retryAfterMs],
        ['SluiceRequestError', 'As many run as may.', 503, 'processes_busy', 'r-1', 5000],
      );
      return true;
    });
    await assert.rejects(connection.json({ method: 'GET', path: '/' }), {
      status: 502,
      code: '',
      message: 'Sluice has answered 502.',
      retryAfterMs: null,
    });
  });

  test('reads text as it comes, and throws where it is cut or nobody wants more', async (t) => {
    const server = await ClientServer.open(t, says('wörd'), says('begun', 'cut'), says('begun', 'open'));
    const connection = new ClientConnection({ url: server.url, fetch: globalThis.fetch });
    const read = async (signal?: AbortSignal, onText = (): void => {}): Promise<string> => {
      let text = '';
      for await (const piece of connection.text({ method: 'GET', path: '/', signal })) {
        text += piece;
        onText();
      }
      return text;
    };
    assert.equal(await read(), 'wörd');
    await assert.rejects(read());
    const aborter = new AbortController();
    await assert.rejects(
      read(aborter.signal, () => aborter.abort(new Error('enough'))),
      /enough/,
    );
    await assert.rejects(read(aborter.signal), /enough/);
  });
});
