import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryAnswer } from '../../../test/support/memory-answer.ts';
import { StreamedAnswer } from './streamed-answer.ts';

const END = { code: 3, signal: null, reason: 'exit', durationMs: 5, peakMemoryBytes: 9, truncated: false } as const;

describe('a command told as it goes', () => {
  test('is a line for each thing that is said, and the end last', () => {
    const sink = new MemoryAnswer();
    const answer = new StreamedAnswer(sink);
    answer.started();
    answer.output('stdout', Buffer.from('a"\n\u2028€'));
    answer.beat();
    answer.output('stderr', Buffer.from([0xff]));
    answer.ended(END);
    assert.equal(sink.type, 'application/x-ndjson');
    assert.equal(sink.pieces.length, 4);
    assert.deepEqual(sink.lines(), [
      { type: 'stdout', data: 'a"\n\u2028€' },
      { type: 'stderr', data: '/w==', encoding: 'base64' },
      { type: 'exit', code: 3, signal: null, duration_ms: 5, reason: 'exit', truncated: false, peak_memory_bytes: 9 },
    ]);
  });

  test('keeps the beginning of a character until the rest has come, or the end', () => {
    const sink = new MemoryAnswer();
    const answer = new StreamedAnswer(sink);
    for (const byte of Buffer.from('€')) answer.output('stdout', Buffer.from([byte]));
    answer.output('stdout', Buffer.from('€').subarray(0, 2));
    answer.output('stderr', Buffer.from('ok'));
    answer.ended(END);
    const said = sink.lines().map(({ type, data, encoding }) => [type, data, encoding].filter(Boolean).join(' '));
    assert.deepEqual(said, ['stdout €', 'stderr ok', 'stdout 4oI= base64', 'exit']);
  });

  test('may have lines of any length', () => {
    for (const text of ['x'.repeat(64 * 1024), '\u0001'.repeat(64 * 1024), '€'.repeat(200_000)]) {
      const sink = new MemoryAnswer();
      new StreamedAnswer(sink).output('stdout', Buffer.from(text));
      assert.deepEqual(sink.lines(), [{ type: 'stdout', data: text }]);
    }
  });
});
