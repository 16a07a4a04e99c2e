import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CapturedExchange, CaptureShelf } from './capture-shelf.ts';

function captured(id: string, bytes = 100): CapturedExchange {
  const body = { bytes: new Uint8Array(bytes), length: bytes, isComplete: true };
  return {
    id,
    fields: [],
    hidden: [],
    body,
    answerFields: [],
    answerBody: null,
    keepsCredentials: false,
    keepsBodies: true,
  };
}

describe('what is kept of requests', () => {
  test('is nothing unless it may be', () => {
    const shelf = new CaptureShelf();
    shelf.put(captured('a'));
    assert.equal(shelf.find('a'), null);
  });

  test('is no more than it may be, and the oldest give way', () => {
    const shelf = new CaptureShelf();
    shelf.configure(250);
    for (const id of ['a', 'b', 'c']) shelf.put(captured(id));
    shelf.put(captured('large', 251));
    assert.deepEqual(
      ['a', 'b', 'c', 'large'].map((id) => shelf.find(id)?.id),
      [undefined, 'b', 'c', undefined],
    );
    shelf.configure(0);
    assert.equal(shelf.find('c'), null);
  });
});
