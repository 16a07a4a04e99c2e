import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryAnswer } from '../../../test/support/memory-answer.ts';
import { WholeAnswer } from './whole-answer.ts';

const END = {
  code: null,
  signal: 'SIGKILL',
  reason: 'timeout',
  durationMs: 5,
  peakMemoryBytes: null,
  truncated: true,
} as const;

describe('a command told when all is over', () => {
  test('is one object, with what has been said before it meaning nothing', () => {
    const sink = new MemoryAnswer();
    const answer = new WholeAnswer(sink);
    answer.started();
    answer.output('stdout', Buffer.from('€').subarray(0, 1));
    answer.output('stdout', Buffer.from('€').subarray(1));
    assert.equal(sink.type, null);
    answer.beat();
    answer.ended(END);
    assert.equal(sink.type, 'application/json');
    assert.deepEqual(JSON.parse(sink.text()), {
      stdout: '€',
      stderr: '',
      code: null,
      signal: 'SIGKILL',
      duration_ms: 5,
      reason: 'timeout',
      truncated: true,
      peak_memory_bytes: null,
    });
  });

  test('says which of the outputs is no text', () => {
    const sink = new MemoryAnswer();
    const answer = new WholeAnswer(sink);
    answer.output('stdout', Buffer.from([0xff]));
    answer.output('stderr', Buffer.from([0xfe]));
    answer.ended(END);
    const {
      stdout,
      stdout_encoding: one,
      stderr,
      stderr_encoding: other,
    } = JSON.parse(sink.text()) as Record<string, string>;
    assert.deepEqual([stdout, one, stderr, other], ['/w==', 'base64', '/g==', 'base64']);
  });
});
