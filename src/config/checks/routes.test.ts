import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import type { Check } from './finding.ts';
import { checkRoutes } from './routes.ts';

function run(check: Check, document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson(document, place));
  assert.ok('config' in result, JSON.stringify(result));
  const findings = check({ config: result.config, isWritten: () => true });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

function routes(...list: JsonValue[]): JsonValue {
  return { gateway: { routes: list } };
}

describe('routes', () => {
  test('have names of their own', () => {
    const document = routes(
      { name: 'a', match: { path: '/a' }, to: 'http://a' },
      { name: 'a', match: { path: '/b' }, to: 'http://b' },
    );
    assert.deepEqual(run(checkRoutes, document), ['error config_conflict gateway.routes[1].name']);
  });

  test('that match the same requests as an earlier one are warned of, in whatever order it is written', () => {
    const first = { host: ['a.example', 'b.example'], method: ['GET', 'PUT'], header: { 'X-A': '1', 'X-B': '2' } };
    const second = { header: { 'x-b': '2', 'x-a': '1' }, method: ['PUT', 'get'], host: ['b.example', 'A.example'] };
    const document = routes({ match: first, to: 'http://a' }, { match: second, to: 'http://b' });
    assert.deepEqual(run(checkRoutes, document), ['warning config_conflict gateway.routes[1]']);
  });

  test('that differ in one condition are fine', () => {
    const conditions = [
      {},
      { path: '/a' },
      { path: '/a', method: 'GET' },
      { path: '/a', header: { A: '1' } },
      { path: '/a', query: { A: '1' } },
    ];
    assert.deepEqual(run(checkRoutes, routes(...conditions.map((match) => ({ match, to: 'http://a' })))), []);
  });

  test('that redirect to {rest} have a path with a rest', () => {
    const redirect = { redirect: '/new/{rest}' };
    assert.deepEqual(run(checkRoutes, routes({ match: { path: '/old/*' }, to: redirect })), []);
    assert.deepEqual(run(checkRoutes, routes({ match: { path: ['/old', '/old/*'] }, to: redirect })), []);
    assert.deepEqual(run(checkRoutes, routes({ match: { path: '/x' }, to: redirect }, { to: redirect })), [
      'error config_conflict gateway.routes[0].to.redirect',
      'error config_conflict gateway.routes[1].to.redirect',
    ]);
    assert.deepEqual(run(checkRoutes, routes({ match: { path: '/old' }, to: { redirect: '/new' } })), []);
  });

  test('that take a part of the path by name have it in every one of their paths', () => {
    const to = { redirect: 'https://{host}/u/{id}' };
    const found = (path: string | string[]): readonly string[] => run(checkRoutes, routes({ match: { path }, to }));
    assert.deepEqual(found('/users/{id}'), []);
    const fault = ['error config_conflict gateway.routes[0].to.redirect'];
    assert.deepEqual(found('/users/{name}'), fault);
    assert.deepEqual(found(['/users/{id}', '/users']), fault);
  });

  test('of one door name an address that there is', () => {
    const listen = [':80', { address: ':81', name: 'internal' }];
    const found = (door: string): readonly string[] =>
      run(checkRoutes, { gateway: { listen, routes: [{ match: { door }, to: 'http://a' }] } });
    assert.deepEqual(found('internal'), []);
    assert.deepEqual(found('intern'), ['error config_unknown_name gateway.routes[0].match.door[0]']);
  });
});
