import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { EditableFields } from '../../engine/fields.ts';
import { pathRewrite } from './path-rewrite.ts';

interface Rewritten {
  readonly asked: string;
  readonly fields: readonly string[];
}

function rewritten(pattern: string, to: string, { path = '/', query = '', method = 'GET' }): Rewritten {
  const fields = new EditableFields();
  fields.append('X-Forwarded-Prefix', '/said/by/client');
  const request = { path, query, method, fields, upstreamTarget: '' };
  void pathRewrite({ pattern, to }).request?.({ request } as unknown as Exchange);
  return { asked: request.upstreamTarget, fields: fields.entries().map(([name, value]) => `${name}: ${value}`) };
}

test('a prefix is taken off, another one put there, or the whole path replaced; the query stays', () => {
  for (const [pattern, to, path, asked] of [
    ['/api/*', '/{rest}', '/api/a/b', '/a/b?c'],
    ['/api/*', '/{rest}', '/api/', '/?c'],
    ['/api/*', '/v2/{rest}', '/api/a%2Fb', '/v2/a%2Fb?c'],
    ['/api/*', '/fixed', '/api/a', '/fixed?c'],
    ['/users/{id}/posts', '/posts/{id}', '/users/7/posts', '/posts/7?c'],
    ['/api/*', '/v2/{rest}', '/api//x/../../api/y', '/v2/y?c'],
  ] as const) {
    assert.equal(rewritten(pattern, to, { path, query: '?c' }).asked, asked, `${path} by ${to}`);
  }
});

test('a prefix that is taken off is told, and what the client says of one is not', () => {
  assert.deepEqual(rewritten('/api/*', '/{rest}', { path: '/api/a' }).fields, ['X-Forwarded-Prefix: /api']);
  assert.deepEqual(rewritten('/api/*', '/fixed', { path: '/api/a' }).fields, []);
});

test('a request about the server as a whole has no path to be rewritten', () => {
  for (const path of ['*', '']) assert.equal(rewritten('/*', '/app/{rest}', { path, method: 'OPTIONS' }).asked, '');
  assert.equal(rewritten('/*', '/app/{rest}', { path: '' }).asked, '/app/');
});
