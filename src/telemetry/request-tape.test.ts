import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seenRequest } from '../../test/support/seen-request.ts';
import { RequestTape, TAPE_LENGTH } from './request-tape.ts';

function tapeOf(count: number): RequestTape {
  const tape = new RequestTape();
  for (let number = 0; number < count; number += 1) tape.add(seenRequest({ id: String(number) }));
  return tape;
}

const idsIn = (tape: RequestTape, since: number, most = TAPE_LENGTH): string[] =>
  tape.read(since, most).requests.map(({ id }) => id);

describe('the tape of requests', () => {
  test('is read from where it was read to', () => {
    const tape = tapeOf(3);
    assert.deepEqual(tape.read(0, 10).position, 3);
    assert.deepEqual(idsIn(tape, 0), ['0', '1', '2']);
    assert.deepEqual(idsIn(tape, 2), ['2']);
    assert.deepEqual(tape.read(3, 10), { requests: [], missed: 0, position: 3 });
  });

  test('keeps the last ones, and says how many are gone', () => {
    const { requests, missed } = tapeOf(TAPE_LENGTH + 5).read(2, TAPE_LENGTH);
    assert.deepEqual([requests.length, missed, requests[0]?.id], [TAPE_LENGTH, 3, '5']);
  });

  test('is read anew by whoever has read another one before', () => {
    assert.deepEqual(idsIn(tapeOf(2), 500), ['0', '1']);
  });

  test('gives the newest ones to whoever wants fewer', () => {
    const tape = tapeOf(10);
    assert.deepEqual(idsIn(tape, 0, 2), ['8', '9']);
    assert.equal(tape.read(0, 2).missed, 8);
  });
});
