// Backends that are asked for another path or by another name than the client has asked for, met over the network.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask } from '../support/ask.ts';
import { Gateway } from '../support/gateway.ts';
import { startRedirectingNginx } from '../support/nginx.ts';
import { http1Origin, http2Origin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a path', () => {
  test('is rewritten for the backend, behind the path of its URL', async (t) => {
    const to = await reflectingOrigin(t);
    const routes = [
      { match: { path: ['/api', '/api/*'] }, to: { backends: [to], rewrite: '/{rest}' } },
      { match: { path: '/users/{id}' }, to: { backends: [`${to}/app`, `${to}/app`], rewrite: '/people/{id}' } },
      { match: { path: '/one/*' }, to: { backends: [`${to}/app`] } },
    ];
    const { url } = await Gateway.open(t, { gateway: { routes } });
    for (const [asked, seen] of [
      ['/api/v1/a?b=c', '/v1/a?b=c'],
      ['/api', '/'],
      ['/api/..%2f..//x', '/..%2f../x'],
      ['/users/7', '/app/people/7'],
      ['/one/x', '/app/one/x'],
    ] as const) {
      const { body } = await ask(url, { target: asked, headers: { 'x-forwarded-prefix': '/evil' } });
      const { target, fields } = JSON.parse(body) as Seen;
      assert.equal(target, seen, asked);
      const isStripped = asked.startsWith('/api');
      if (isStripped) assert.deepEqual(valuesOf({ fields } as Seen, 'x-forwarded-prefix'), ['/api']);
    }
  });

  test('is rewritten for a backend that speaks HTTP/2 too', async (t) => {
    const { url: to } = await http2Origin(t, (stream, fields) => {
      stream.respond({ ':status': 200 });
      stream.end(`${fields[':path']} ${fields[':authority']}`);
    });
    const rewriting = { backends: [to], rewrite: '/v2/{rest}', host: 'inside.test' };
    const { url } = await Gateway.open(t, { gateway: { routes: [{ match: { path: '/api/*' }, to: rewriting }] } });
    assert.equal((await ask(`${url}/api/a?b`)).body, '/v2/a?b inside.test');
  });

  test('is told to the client as it knows it', async (t) => {
    const to = await http1Origin(t, (request, response) => {
      const [path = '', value = ''] = (request.url ?? '').split('?to=');
      response.writeHead(302, { location: decodeURIComponent(value), 'set-cookie': `a=b; Path=${path}` }).end();
    });
    const rewriting = { backends: [to], rewrite: '/{rest}', host: 'backend' };
    const { url } = await Gateway.open(t, { gateway: { routes: [{ match: { path: '/api/*' }, to: rewriting }] } });
    for (const [said, location] of [
      ['/login', '/api/login'],
      [`${to}/login?x=y`, '/api/login?x=y'],
      ['https://elsewhere.test/', 'https://elsewhere.test/'],
    ] as const) {
      const { headers } = await ask(`${url}/api/x?to=${encodeURIComponent(said)}`);
      assert.deepEqual([headers.location, headers['set-cookie']], [location, ['a=b; Path=/api/x']]);
    }
  });
});

test('nginx behind a prefix sends its clients where they can get to', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs', 'index.html'), 'read me');
  const nginx = await startRedirectingNginx(t, folder);
  if (nginx === undefined) return;
  for (const host of ['keep', 'backend']) {
    const to = { backends: [`http://127.0.0.1:${nginx.port}`], rewrite: '/{rest}', host };
    const { url } = await Gateway.open(t, { gateway: { routes: [{ match: { path: '/files/*' }, to }] } });
    const { headers } = await ask(`${url}/files/docs`, { headers: { host: 'a.test' } });
    assert.equal(headers.location, '/files/docs/', host);
    assert.equal((await ask(`${url}/files/docs/`)).body, 'read me');
  }
});

describe('the host', () => {
  test('is that of the client, of the backend, or another one', async (t) => {
    const to = await reflectingOrigin(t);
    const routes = ['keep', 'backend', 'other.test'].map((host) => {
      return { match: { path: `/${host}` }, to: { backends: [to], host } };
    });
    const { url } = await Gateway.open(t, { gateway: { routes } });
    for (const [path, host] of [
      ['/keep', 'a.test'],
      ['/backend', new URL(to).host],
      ['/other.test', 'other.test'],
    ] as const) {
      const seen = JSON.parse((await ask(url + path, { headers: { host: 'a.test' } })).body) as Seen;
      assert.deepEqual([valuesOf(seen, 'host'), valuesOf(seen, 'x-forwarded-host')], [[host], ['a.test']]);
    }
  });
});
