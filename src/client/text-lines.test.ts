import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventsOf, linesOf } from './text-lines.ts';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

describe('text in pieces', () => {
  test('has lines, however it is cut', async () => {
    for (const size of [1, 3, 100]) {
      assert.deepEqual(await all(linesOf(pieces('one\r\n\ntwo\nrest', size))), ['one', '', 'two', 'rest']);
    }
  });

  test('has events, with their names and numbers', async () => {
    const text = ': comment\nretry: 5\n\nid: 1\ndata: {"a":\ndata: 1}\n\nevent: complete\nid:2\ndata:x\n\ndata: cut';
    for (const size of [1, 7, 1000]) {
      assert.deepEqual(await all(eventsOf(pieces(text, size))), [
        { name: 'message', id: '1', data: '{"a":\n1}' },
        { name: 'complete', id: '2', data: 'x' },
      ]);
    }
    assert.deepEqual(await all(eventsOf(pieces('data\n\n', 100))), [{ name: 'message', id: '', data: '' }]);
  });
});
