import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TailBatch } from '../tail-follower.ts';
import { EventBook, MOST_EVENTS } from './event-book.ts';
import type { EventFacts, EventFilter, ProgramEvent } from './program-event.ts';

const ALL: EventFilter = { kinds: [], level: 'info', text: null };

function facts(message: string): EventFacts {
  return { kind: 'health', level: 'info', message, fields: {}, isLogged: true };
}

describe('the book of events', () => {
  test('keeps lines of the log by what they are', () => {
    const book = new EventBook(() => 7);
    book.noteLine({ level: 'warn', message: 'bad', fields: { event: 'health', proxy: 'a' } });
    book.noteLine({ level: 'info', message: 'odd', fields: { event: 'something' } });
    book.noteLine({ level: 'debug', message: 'never', fields: {} });
    book.noteLine({ level: 'info', message: 'long', fields: { text: 'x'.repeat(20_000) } });
    assert.deepEqual(
      book.recent(ALL, 9).map(({ number, atMs, kind, level, fields }) => [number, atMs, kind, level, fields]),
      [
        [3, 7, 'log', 'info', { cut: true }],
        [2, 7, 'log', 'info', {}],
        [1, 7, 'health', 'warn', { proxy: 'a' }],
      ],
    );
    assert.equal(book.recent(ALL, 1)[0]?.message, 'long');
  });

  test('tells followers of several at once, and of nothing once they have left', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const book = new EventBook();
    const batches: TailBatch<ProgramEvent>[] = [];
    book.note(facts('before'));
    const follower = book.follow(ALL, null, (batch) => batches.push(batch) > 0);
    book.note(facts('a'));
    book.note(facts('b'));
    t.mock.timers.tick(100);
    assert.deepEqual(
      batches.map(({ items, position }) => [items.map(({ message }) => message), position]),
      [[['a', 'b'], 3]],
    );
    follower.leave();
    book.note(facts('c'));
    t.mock.timers.tick(1000);
    assert.equal(batches.length, 1);
  });

  test('goes on for whoever comes back, and says what is gone', () => {
    const book = new EventBook();
    for (let i = 0; i < 2 * MOST_EVENTS; i += 1) book.note(facts(String(i)));
    const batches: TailBatch<ProgramEvent>[] = [];
    book.follow(ALL, 2 * MOST_EVENTS - 1, (batch) => batches.push(batch) > 0);
    book.follow(ALL, 0, (batch) => batches.push(batch) > 0);
    assert.deepEqual(
      batches.map(({ items, missed }) => [items.length, missed]),
      [
        [1, 0],
        [MOST_EVENTS, MOST_EVENTS],
      ],
    );
  });
});
