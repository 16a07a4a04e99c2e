import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventParser, type StreamEvent } from './event-stream.ts';

describe('the events of a stream', () => {
  function read(...parts: readonly string[]): StreamEvent[] {
    const events: StreamEvent[] = [];
    const parser = new EventParser((event) => events.push(event));
    for (const part of parts) parser.write(part);
    return events;
  }

  test('are read however they are cut into pieces', () => {
    const text = ': hello\n\nid: 7\nevent: batch\ndata: one\ndata: two\n\nid: 8\ndata:{"a":1}\n\n';
    const wanted = [
      { type: 'batch', data: 'one\ntwo', id: '7' },
      { type: 'message', data: '{"a":1}', id: '8' },
    ];
    assert.deepEqual(read(text), wanted);
    assert.deepEqual(read(...text.split('')), wanted);
  });

  test('are none without data, and are told only when they are whole', () => {
    assert.deepEqual(read(':\n\n', 'id: 1\n\n', 'data: x\n'), []);
  });
});
