import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeedSink } from '../services/agents/event-feed.ts';
import { followedStream } from './followed-stream.ts';

function stage() {
  const calls: string[] = [];
  let sink: FeedSink | undefined;
  const stream = followedStream((given) => {
    sink = given;
    return { resume: () => calls.push('resume'), leave: () => calls.push('leave') };
  });
  return { calls, stream, sink: sink ?? assert.fail('nobody follows') };
}

describe('the body of an answer that somebody follows', () => {
  test('goes at the pace of its reader, to its end', async () => {
    const { stream, sink, calls } = stage();
    assert.equal(sink.write(Buffer.from('one')), false);
    const reader = stream.getReader();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'one');
    assert.ok(calls.includes('resume'));
    sink.write(Buffer.from('two'));
    sink.end();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'two');
    assert.equal((await reader.read()).done, true);
  });

  test('is left with its reader, and fails with its source', async () => {
    const left = stage();
    await left.stream.cancel();
    assert.equal(left.calls.at(-1), 'leave');
    const failed = stage();
    failed.sink.fail(new Error('no more'));
    await assert.rejects(failed.stream.getReader().read(), /no more/);
  });
});
