import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listAt, numberAt, objectOfLine, sumOfTokens, textAt, tokensAt, tokensSince, valueAt } from './event-values.ts';

describe('a line of an agent', () => {
  test('is an object, or nothing', () => {
    assert.deepEqual(objectOfLine(Buffer.from('{"a":1}')), { a: 1 });
    assert.deepEqual(objectOfLine(Buffer.from('  {"a":1} \r')), { a: 1 });
    for (const line of ['', 'text', '[1]', '"{', '{"a":', 'null', '12']) {
      assert.equal(objectOfLine(Buffer.from(line)), null, line);
    }
  });

  test('holds values at keys with dots between', () => {
    const event = { a: { b: 'text', n: 2, list: [1], bad: -1, huge: Infinity }, __proto__: { inherited: 'x' } };
    assert.equal(valueAt(event, 'a.b'), 'text');
    assert.equal(valueAt(event, 'a.b.c'), undefined);
    assert.equal(valueAt(event, 'inherited'), undefined);
    assert.equal(textAt(event, 'a.b'), 'text');
    assert.equal(textAt(event, 'a.n'), '');
    assert.equal(numberAt(event, 'a.n'), 2);
    assert.equal(numberAt(event, 'a.bad'), null);
    assert.equal(numberAt(event, 'a.huge'), null);
    assert.deepEqual(listAt(event, 'a.list'), [1]);
    assert.deepEqual(listAt(event, 'a'), []);
  });

  test('tells tokens, if it names any', () => {
    const paths = { input: 'u.in', output: 'u.out', cacheRead: null, cacheWrite: 'u.write' };
    assert.deepEqual(tokensAt({ u: { in: 3, write: 1 } }, paths), { input: 3, output: 0, cacheRead: 0, cacheWrite: 1 });
    assert.equal(tokensAt({ u: {} }, paths), null);
  });
});

test('tokens of several answers are added up, and what is not known adds nothing', () => {
  const one = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  assert.deepEqual(sumOfTokens(one, one), { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 });
  assert.equal(sumOfTokens(one, null), one);
  assert.equal(sumOfTokens(null, one), one);
  assert.equal(sumOfTokens(null, null), null);
  assert.deepEqual(tokensSince({ ...one, input: 5, cacheRead: 0 }, one), {
    input: 4,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
  });
});
