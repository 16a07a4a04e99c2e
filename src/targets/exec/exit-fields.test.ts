import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitFields } from './exit-fields.ts';

test('the end of a command is told in milliseconds, to the microsecond', () => {
  const end = { code: 0, signal: null, reason: 'exit', truncated: false, peakMemoryBytes: null } as const;
  assert.deepEqual(exitFields({ ...end, durationMs: 12.345678 }), {
    code: 0,
    signal: null,
    duration_ms: 12.346,
    reason: 'exit',
    truncated: false,
    peak_memory_bytes: null,
  });
});
