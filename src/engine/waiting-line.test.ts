import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpExchange } from './exchange.ts';
import { Place, WaitingLine } from './waiting-line.ts';

/** As much of an exchange as a line looks at. */
function exchange(): HttpExchange {
  return { generation: 1, over: false, committed: false } as unknown as HttpExchange;
}

describe('WaitingLine', () => {
  test('lets out in the order in which they came', () => {
    const line = new WaitingLine();
    const [first, second] = [exchange(), exchange()];
    assert.equal(line.next(), null);
    assert.equal(line.join(first) && line.join(second), true);
    assert.equal(line.length, 2);
    assert.deepEqual([line.next(), line.next(), line.next()], [first, second, null]);
  });

  test('passes over who has been given up, answered, or runs another request by now', () => {
    const line = new WaitingLine();
    const gone = [exchange(), exchange(), exchange()];
    const last = exchange();
    for (const each of [...gone, last]) line.join(each);
    Object.assign(gone[0]!, { over: true });
    Object.assign(gone[1]!, { committed: true });
    Object.assign(gone[2]!, { generation: 2 });
    assert.deepEqual([line.next(), line.next()], [last, null]);
  });

  test('has so much room and no more', () => {
    const line = new WaitingLine();
    let joined = 0;
    while (line.join(exchange())) joined++;
    assert.equal(joined, 1024);
    line.next();
    assert.equal(line.join(exchange()), true);
  });
});

test('a place is for the request that took it', () => {
  const waiting = exchange();
  const place = new Place(waiting);
  assert.equal(place.isCurrent, true);
  Object.assign(waiting, { generation: 2 });
  assert.equal(place.isCurrent, false);
});
