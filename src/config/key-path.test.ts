import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatPath, parsePath } from './key-path.ts';

describe('key paths', () => {
  test('are written with dots, and with brackets for items', () => {
    assert.equal(formatPath(['gateway', 'routes', 0, 'match', 'host', 1]), 'gateway.routes[0].match.host[1]');
    assert.equal(formatPath([]), '');
  });

  test('quote a key that would be misread', () => {
    assert.equal(formatPath(['hops', 'my hop', 'proxy']), 'hops["my hop"].proxy');
    assert.equal(formatPath(['hops', 'a.b']), 'hops["a.b"]');
    assert.equal(formatPath(['hops', '']), 'hops[""]');
  });

  test('are read back as they were', () => {
    const key = fc.oneof(fc.string(), fc.nat(1000));
    fc.assert(fc.property(fc.array(key), (path) => assert.deepEqual(parsePath(formatPath(path)), path)));
  });

  test('are read with open brackets, for any item', () => {
    assert.deepEqual(parsePath('gateway.routes[].to'), ['gateway', 'routes', '[]', 'to']);
  });

  test('are refused when they are none', () => {
    for (const text of ['a..b', 'a[', 'a b', 'a["b]', 'a[x]']) assert.equal(parsePath(text), undefined, text);
  });
});
