import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../core/errors.ts';
import { errorAnswer } from './error-answer.ts';

test('an error is answered with its status, its code, what a person may know, and the id of the request', () => {
  const cause = new Error('connect ECONNREFUSED 10.0.0.5:80, password hunter2');
  const { status, fields, body } = errorAnswer(new SluiceError('upstream_unreachable', { cause }), 'abcd', 'sluice-1');
  assert.equal(status, 502);
  assert.deepEqual(fields, [
    ['Content-Type', 'application/json'],
    ['Proxy-Status', 'sluice-1; error=upstream_unreachable; details="abcd"'],
  ]);
  assert.deepEqual(JSON.parse(String(body)), {
    error: { code: 'upstream_unreachable', message: 'The server could not be reached.', request_id: 'abcd' },
  });
});

test('an error is said in the shape of its route where that has one', () => {
  const shape = ({ code }: SluiceError, id: string): object => ({ said: `${code} ${id}` });
  const { body } = errorAnswer(new SluiceError('upstream_unreachable'), 'abcd', 'sluice-1', shape);
  assert.equal(body, '{"said":"upstream_unreachable abcd"}');
});

test('an error that passes by itself says when, in whole seconds and never too early', () => {
  for (const [retryAfterMs, expected] of [
    [30_000, '30'],
    [30_001, '31'],
    [1, '1'],
  ] as const) {
    const { status, fields } = errorAnswer(new SluiceError('hops_exhausted', { retryAfterMs }), 'abcd', 'sluice-1');
    assert.equal(status, 503);
    assert.deepEqual(fields?.at(-1), ['Retry-After', expected]);
  }
});

test('an error of which nobody knows when it passes does not say so', () => {
  const { fields } = errorAnswer(new SluiceError('hops_exhausted'), 'abcd', 'sluice-1');
  assert.ok(fields?.every(([name]) => name !== 'Retry-After'));
});
