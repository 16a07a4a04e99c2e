import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERROR_CATALOGUE, errorBody, SluiceError } from './errors.ts';

describe('the catalogue', () => {
  test('gives every code a status of an error and a sentence', () => {
    for (const [code, { status, summary }] of Object.entries(ERROR_CATALOGUE)) {
      assert.ok(status >= 400 && status < 600, code);
      assert.match(summary, /^[A-Z].*\.$/, code);
    }
  });
});

describe('a SluiceError', () => {
  test('takes side, status, retry and sentence from the catalogue', () => {
    const { code, side, status, retry, message, name } = new SluiceError('upstream_timeout');
    assert.deepEqual(
      { code, side, status, retry, message, name },
      {
        code: 'upstream_timeout',
        side: 'upstream',
        status: 504,
        retry: true,
        message: 'The server did not answer in time.',
        name: 'SluiceError',
      },
    );
  });

  test('says what exactly happened, and keeps what caused it', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new SluiceError('upstream_unreachable', { message: 'api.test:80 refused the connection.', cause });
    assert.equal(error.message, 'api.test:80 refused the connection.');
    assert.equal(error.cause, cause);
  });

  test('has no cause when none is known', () => {
    assert.equal('cause' in new SluiceError('internal'), false);
  });
});

test('an error body has the one shape of all doors', () => {
  assert.deepEqual(errorBody('not_found', 'There is nothing here.', 'a1'), {
    error: { code: 'not_found', message: 'There is nothing here.', request_id: 'a1' },
  });
});
