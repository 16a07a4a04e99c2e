import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { positionIn, runOf, type SayEvent, streamBody, wantsStream } from './stream-answer.ts';

describe('where a follower goes on', () => {
  test('is behind the event that it has seen last', () => {
    const run = runOf({ startedAtMs: 36 ** 2 });
    assert.equal(run, '100');
    assert.equal(positionIn('100-7', run), 7);
    assert.equal(positionIn('7', run), 7);
  });

  test('is the beginning when that was in another run, and from now on when there is none', () => {
    assert.equal(positionIn('zz-7', '100'), 0);
    for (const none of [undefined, '', 'x y', '-1', '100-']) assert.equal(positionIn(none, '100'), null);
  });
});

test('whoever wants a stream says so', () => {
  assert.deepEqual(['text/event-stream', 'text/html, text/event-stream;q=1', '*/*', undefined].map(wantsStream), [
    true,
    true,
    false,
    false,
  ]);
});

test('a stream says what it is given, asks for more at the pace of its reader, and is left with him', async () => {
  let say: SayEvent | undefined;
  let [resumed, left] = [0, 0];
  const body = streamBody('run', (given) => {
    say = given;
    return { resume: () => (resumed += 1), leave: () => (left += 1) };
  });
  const reader = body.getReader();
  const read = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await read(), ': follows\n\n');
  say?.(3, { a: 1 });
  assert.equal(await read(), 'id: run-3\ndata: {"a":1}\n\n');
  assert.ok(resumed > 0);
  await reader.cancel();
  assert.equal(left, 1);
  assert.equal(say?.(4, {}), true, 'nothing is written to nobody');
});

test('a reader who goes before there is anything to follow leaves nothing behind', async () => {
  const { promise, resolve } = Promise.withResolvers<{ resume(): void; leave(): void }>();
  let left = 0;
  const body = streamBody('run', () => promise);
  await body.cancel();
  resolve({ resume: () => {}, leave: () => (left += 1) });
  await new Promise(setImmediate);
  assert.equal(left, 1);
});
