// Another server decides who may enter, as it does behind nginx, Traefik and Caddy.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import { ask } from '../support/ask.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Stage {
  readonly gateway: Gateway;
  /** What the server that decides was asked. */
  readonly questions: http.IncomingMessage[];
}

type Decide = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Lets in who comes with the cookie `ok`, as alice. */
const usual: Decide = ({ headers }, response) => {
  if (headers.cookie !== 'ok') response.writeHead(401, { 'WWW-Authenticate': 'Login', 'X-Own': '1' }).end('who?');
  else
    response
      .writeHead(200, { 'Remote-User': 'alice', 'Remote-Groups': ['a', 'b'], 'Set-Cookie': 'ok2' })
      .end('ignored');
};

async function stage(t: TestContext, decide: Decide, auth: object = {}, more: GatewaySettings = {}): Promise<Stage> {
  const questions: http.IncomingMessage[] = [];
  const server = await http1Origin(t, (request, response) => {
    questions.push(request);
    decide(request, response);
  });
  const policies = {
    auth: { forward: `${server}/verify?a=b`, response_headers: ['Remote-User', 'Remote-Groups'], ...auth },
  };
  const gateway = await Gateway.open(t, {
    ...more,
    gateway: { default_backend: await reflectingOrigin(t), policies, ...more.gateway },
  });
  return { gateway, questions };
}

describe('a server that decides', () => {
  test('is shown the request, and what it says of the user goes on to the backend', async (t) => {
    const { gateway, questions } = await stage(t, usual, { user_from: 'Remote-User', answer_headers: ['Set-Cookie'] });
    const { status, body, headers } = await ask(`${gateway.url}/a?b=c`, {
      method: 'POST',
      body: 'hello',
      headers: {
        cookie: 'ok',
        'remote-user': 'root',
        'remote-groups': 'admin',
        'if-none-match': '"x"',
        range: 'bytes=0-1',
      },
    });
    assert.equal(status, 200);
    const seen = JSON.parse(body) as Seen;
    assert.deepEqual(valuesOf(seen, 'remote-user'), ['alice']);
    assert.deepEqual(valuesOf(seen, 'remote-groups'), ['a', 'b']);
    assert.deepEqual(valuesOf(seen, 'cookie'), ['ok']);
    assert.deepEqual(headers['set-cookie'], ['ok2']);
    const [question] = questions;
    assert.deepEqual([question?.method, question?.url], ['GET', '/verify?a=b']);
    const shown = question?.headers ?? {};
    const { host } = new URL(gateway.url);
    assert.deepEqual(
      ['method', 'uri', 'host', 'proto', 'for'].map((name) => shown[`x-forwarded-${name}`]),
      ['POST', '/a?b=c', host, 'http', '127.0.0.1'],
    );
    assert.equal(shown.cookie, 'ok');
    for (const name of ['content-length', 'transfer-encoding', 'if-none-match', 'range', 'content-type']) {
      assert.equal(shown[name], undefined, name);
    }
    assert.notEqual(shown.host, host);
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['user.name'], 'alice');
  });

  test('says nothing of a user, and what the client says of it is gone all the same', async (t) => {
    const { gateway } = await stage(t, (_, response) => response.writeHead(204).end());
    const { body } = await ask(gateway.url, { headers: { 'remote-user': 'root' } });
    assert.deepEqual(valuesOf(JSON.parse(body) as Seen, 'remote-user'), []);
  });

  test('is shown no more than it may be', async (t) => {
    const { gateway, questions } = await stage(t, usual, { request_headers: ['Cookie'] });
    await ask(gateway.url, { headers: { cookie: 'ok', authorization: 'Bearer x', 'x-forwarded-uri': '/other' } });
    const shown = questions[0]?.headers ?? {};
    assert.deepEqual([shown.cookie, shown.authorization, shown['x-forwarded-uri']], ['ok', undefined, '/']);
  });

  test('answers who may not enter, and the backend learns nothing', async (t) => {
    let reached = 0;
    const backend = await http1Origin(t, (_request, response) => response.end(String(++reached)));
    const { gateway } = await stage(
      t,
      (request, response) => {
        const { 'x-forwarded-uri': uri = '' } = request.headers;
        if (uri === '/login')
          response.writeHead(302, { Location: 'https://login.test/?rd=x', 'Set-Cookie': ['a=1', 'b=2'] }).end();
        else usual(request, response);
      },
      {},
      { gateway: { default_backend: backend } },
    );
    const refused = await ask(gateway.url);
    assert.deepEqual([refused.status, refused.body], [401, 'who?']);
    assert.deepEqual([refused.headers['www-authenticate'], refused.headers['x-own']], ['Login', '1']);
    const moved = await ask(`${gateway.url}/login`);
    assert.deepEqual([moved.status, moved.headers.location], [302, 'https://login.test/?rd=x']);
    assert.deepEqual(moved.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal((await ask(gateway.url, { method: 'HEAD' })).status, 401);
    assert.equal(reached, 0);
  });

  test('that gives no clear word lets nobody in', async (t) => {
    const answers: Readonly<Record<string, Decide>> = {
      '/500': (_, response) => response.writeHead(500).end('secret trace'),
      '/304': (_, response) => response.writeHead(304).end(),
      '/cut': ({ socket }) => socket.destroy(),
      '/large': (_, response) => response.writeHead(403).end('x'.repeat(1024 * 1024 + 1)),
      '/never': () => {},
    };
    const { gateway } = await stage(
      t,
      (request, response) => answers[String(request.headers['x-forwarded-uri'])]?.(request, response),
      {
        timeout: '200ms',
      },
    );
    for (const path of Object.keys(answers)) {
      const { status, body } = await ask(gateway.url + path, { headers: { cookie: 'ok' } });
      assert.equal(status, 503, path);
      assert.match(body, /"auth_unavailable"/, path);
      assert.doesNotMatch(body, /secret/);
    }
    const gone = await Gateway.open(t, {
      gateway: { default_backend: await reflectingOrigin(t), policies: { auth: { forward: 'http://127.0.0.1:1/' } } },
    });
    assert.equal((await ask(gone.url)).status, 503);
  });

  test('is asked no more about who has gone away', async (t) => {
    const asked = Promise.withResolvers<http.IncomingMessage>();
    const { gateway } = await stage(t, (request) => asked.resolve(request));
    const request = http.get(gateway.url, { agent: false }).on('error', () => {});
    const question = await asked.promise;
    const closed = new Promise<void>((resolve) => void question.socket.once('close', () => resolve()));
    request.destroy();
    await closed;
  });

  test('is asked about WebSockets before they are let through', async (t) => {
    const { gateway, questions } = await stage(t, usual);
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    };
    const { status } = await ask(gateway.url, { headers: upgrade });
    assert.equal(status, 401);
    assert.equal(questions[0]?.headers.upgrade, undefined);
    assert.equal(questions[0]?.headers['sec-websocket-key'], undefined);
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    t.after(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    server.on('connection', (socket, { headers }) => socket.send(String(headers['remote-user'])));
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { gateway: open } = await stage(t, usual, {}, { gateway: { default_backend: `http://127.0.0.1:${port}` } });
    const client = new WebSocket(open.url.replace(/^http/, 'ws'), { headers: { cookie: 'ok', 'remote-user': 'root' } });
    t.after(() => client.terminate());
    const [said] = (await once(client, 'message')) as [Buffer];
    assert.equal(said.toString(), 'alice');
  });

  test('decides on HTTP/2 as on HTTP/1.1, also of clients of curl', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const { cert, key } = makeCertificate(temporaryFolder(t), 'localhost');
    const { gateway, questions } = await stage(
      t,
      usual,
      {},
      { gateway: { default_backend: await reflectingOrigin(t), tls: { cert, key } } },
    );
    const options = ['-s', '-k', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '10'];
    for (const version of ['--http1.1', '--http2']) {
      const get = async (...more: string[]): Promise<string> =>
        (await promisify(execFile)('curl', [...options, version, ...more, gateway.url])).stdout;
      assert.deepEqual(
        [await get('-H', 'Cookie: ok'), await get(), await get('-H', 'Cookie: ok', '-d', 'body')],
        ['200', '401', '200'],
        version,
      );
    }
    assert.equal(questions[0]?.headers['x-forwarded-proto'], 'https');
  });
});

test('users of Sluice are told to the backend in a field that nobody else can set', async (t) => {
  const users = [{ name: 'alice', token: 'a-token', may: ['gateway'] }];
  const policies = { auth: { user_header: 'X-Sluice-User', realm: 'Staff' } };
  const gateway = await Gateway.open(t, { users, gateway: { default_backend: await reflectingOrigin(t), policies } });
  const { body } = await ask(gateway.url, { headers: { authorization: 'Bearer a-token', 'x-sluice-user': 'root' } });
  const seen = JSON.parse(body) as Seen;
  assert.deepEqual([valuesOf(seen, 'x-sluice-user'), valuesOf(seen, 'authorization')], [['alice'], []]);
  const { status, headers } = await ask(gateway.url, { headers: { 'x-sluice-user': 'root' } });
  assert.deepEqual(
    [status, headers['www-authenticate']],
    [401, 'Bearer realm="Staff", Basic realm="Staff", charset="UTF-8"'],
  );
});
