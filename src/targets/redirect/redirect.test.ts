import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { redirect } from './redirect.ts';

function locationOf(to: string, path: string, query = '', pattern = '/old/*'): string | undefined {
  const exchange = { request: { path, query } } as Exchange;
  const { status, fields } = redirect({ to, status: 308, pattern })(exchange);
  assert.equal(status, 308);
  assert.deepEqual(
    fields?.map(([name]) => name),
    ['Location'],
  );
  return fields?.[0]?.[1];
}

describe('a redirect', () => {
  test('puts the rest of the path where it belongs', () => {
    assert.equal(locationOf('/new/{rest}', '/old/a/b'), '/new/a/b');
    assert.equal(locationOf('https://new.test/{rest}', '/old/a/b'), 'https://new.test/a/b');
    assert.equal(locationOf('/new', '/old/a/b'), '/new');
    assert.equal(locationOf('/{rest}/of/{rest}', '/old/$&'), '/$&/of/$&');
  });

  test('keeps the query', () => {
    assert.equal(locationOf('/new', '/old/a', '?b=c&d'), '/new?b=c&d');
    assert.equal(locationOf('/new?from=old', '/old/a', '?b=c'), '/new?from=old&b=c');
    assert.equal(locationOf('/new#part', '/old/a', '?b=c'), '/new?b=c#part');
    assert.equal(locationOf('/new', '/old/a', '?'), '/new');
  });

  test('leads nowhere but to where it was meant to', () => {
    assert.equal(locationOf('/{rest}', '//evil.test/', '', '/*'), '/evil.test/');
    assert.equal(locationOf('/{rest}', '/\\evil.test/', '', '/*'), '/%5Cevil.test/');
  });
});
