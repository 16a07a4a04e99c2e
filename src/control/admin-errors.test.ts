import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { ConfigError } from '../config/problem.ts';
import { SluiceError } from '../core/errors.ts';
import type { ErrorAnswer } from './admin-answers.ts';
import type { AdminEnv } from './admin-env.ts';
import { answerThrown, errorResponse } from './admin-errors.ts';

async function answerTo(error: Error): Promise<{ status: number; error: ErrorAnswer['error']; logged: unknown[] }> {
  const logged: unknown[] = [];
  const log = (fields: unknown): void => void logged.push(fields);
  const app = new OpenAPIHono<AdminEnv>();
  app.use((context, next) => {
    context.set('requestId', 'abc');
    return next();
  });
  app.onError((thrown, context) => answerThrown(context, thrown, { info: log, warn: log, error: log }));
  app.get('/', () => {
    throw error;
  });
  const answer = await app.request('/');
  return { status: answer.status, error: ((await answer.json()) as ErrorAnswer).error, logged };
}

describe('an error of the admin API', () => {
  test('that has a code is answered with it, its status and its message', async () => {
    const { status, error, logged } = await answerTo(new SluiceError('precondition_failed', { message: 'Too late.' }));
    assert.deepEqual(
      [status, error, logged],
      [412, { code: 'precondition_failed', message: 'Too late.', request_id: 'abc' }, []],
    );
  });

  test('of the config carries all its problems', async () => {
    const { status, error } = await answerTo(new ConfigError([]));
    assert.deepEqual([status, error.code, error.problems], [422, 'config_invalid', []]);
  });

  test('of an unreadable body is the fault of the request', async () => {
    const { status, error } = await answerTo(new HTTPException(400, { message: 'Malformed JSON in request body' }));
    assert.deepEqual([status, error.code, error.message], [400, 'request_invalid', 'Malformed JSON in request body']);
  });

  test('that nobody expected is logged and not told', async () => {
    const fault = new Error('inside');
    const { status, error, logged } = await answerTo(fault);
    assert.deepEqual([status, error.code, error.message], [500, 'internal', 'Something went wrong inside Sluice.']);
    assert.deepEqual(logged, [{ err: fault, request_id: 'abc' }]);
  });
});

test('the entry of an error in a list of answers has the one schema', () => {
  assert.equal(errorResponse('No.').description, 'No.');
  assert.ok(
    errorResponse('No.').content['application/json'].schema.safeParse({
      error: { code: 'a', message: 'b', request_id: 'c' },
    }).success,
  );
});
