import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PickedPaths, PickedValues } from './picked-values.ts';

const PATHS = ['model', 'usage', 'message.model', 'message.usage'];

/** What is picked of a text that comes in pieces of that size. */
function pick(text: string, size: number = Infinity, picked = new PickedValues(new PickedPaths(PATHS))): unknown[] {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    const to = Math.min(at + size, bytes.length);
    picked.take(Buffer.concat([Buffer.from('"'), bytes.subarray(at, to), Buffer.from(',')]), 1, 1 + to - at);
  }
  return PATHS.map((path) => picked.get(path));
}

describe('values picked out of JSON', () => {
  test('are those at the places asked for', () => {
    const text = JSON.stringify({
      id: 'a"},\\',
      usage: { in: 1, more: [{ model: 'no' }], out: 2 },
      content: [{ model: 'no', usage: { in: 9 } }, 'usage":'],
      other: { model: 'no' },
      message: { content: [], model: 'one', deep: { usage: 3 }, usage: null },
      model: 'two',
    });
    for (const size of [Infinity, 1, 2, 3, 7]) {
      const usage = { in: 1, more: [{ model: 'no' }], out: 2 };
      assert.deepEqual(pick(text, size), ['two', usage, 'one', null]);
      assert.deepEqual(pick(JSON.stringify(JSON.parse(text), null, 2), size), ['two', usage, 'one', null]);
    }
  });

  test('may be larger than what is kept of them: then they are not there', () => {
    const picked = pick(JSON.stringify({ usage: 'x'.repeat(20_000), model: 'm' }), 1000);
    assert.deepEqual(picked, ['m', undefined, undefined, undefined]);
  });

  test('are found before the text is over', () => {
    assert.deepEqual(pick('{"model":"m","content":["'), ['m', undefined, undefined, undefined]);
  });

  test('are found under keys that are written with escapes', () => {
    const key = '\\u006d\\u0065\\u0073\\u0073\\u0061\\u0067\\u0065';
    assert.deepEqual(pick(`{"${key}":{"\\u006dodel":"m"},"mo\\del":1}`), [undefined, undefined, 'm', undefined]);
  });

  test('are said to be repeated where a key stands twice, and the last one is given', () => {
    const picked = new PickedValues(new PickedPaths(PATHS));
    const long = `"${'x'.repeat(20_000)}"`;
    assert.deepEqual(pick('{"model":1,"usage":2,"\\u006dodel":3}', 1, picked), [3, 2, undefined, undefined]);
    assert.deepEqual([picked.isRepeated('model'), picked.isRepeated('usage')], [true, false]);
    picked.reset();
    pick(`{"model":${long},"model":1}`, Infinity, picked);
    assert.ok(picked.isRepeated('model'));
    picked.reset();
    assert.ok(!picked.isRepeated('model'));
  });

  test('are forgotten when another text follows, wherever the first one ended', () => {
    const picked = new PickedValues(new PickedPaths(PATHS));
    pick('{"model":"m","usage":{"a":"b', Infinity, picked);
    picked.reset();
    assert.deepEqual(pick('{"usage":1}', Infinity, picked), [undefined, 1, undefined, undefined]);
  });

  test('are those that a whole reader finds, in any JSON', () => {
    const key = fc.constantFrom('model', 'usage', 'message', 'other', 'a"b', '{', '');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('x', '"', '\\', '{"model":1}', 'ü', 1, -1.5e3, true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const property = fc.property(value, fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 1), (given, size, space) => {
      const text = JSON.stringify(given, null, space);
      assert.deepEqual(
        pick(text, size),
        PATHS.map((path) => at(JSON.parse(text), path.split('.'))),
      );
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test('of what is no JSON are something or nothing', () => {
    const mark = fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', '"usage"', '"model":', '1', ' ');
    const property = fc.property(fc.array(mark, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (marks, size) => {
      pick(marks.join(''), size);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

function at(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return undefined;
  return at((value as Record<string, unknown>)[key], rest);
}
