import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadLog } from './thread-log.ts';

test('what a thread says goes to the logger, at its level', () => {
  const said: unknown[] = [];
  const at =
    (level: string) =>
    (...words: unknown[]): void =>
      void said.push([level, ...words]);
  const log = threadLog({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, { a: 1 }, 'hello');
  assert.deepEqual(
    said,
    ['debug', 'info', 'warn', 'error'].map((level) => [level, { a: 1 }, 'hello']),
  );
});
