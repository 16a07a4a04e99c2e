import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAgentRequest, readBatchRequest, readMessage } from './agent-requests.ts';

const json = JSON.stringify;

describe('a request for an agent', () => {
  test('holds what is to be done, and may choose how', () => {
    assert.deepEqual(readAgentRequest('{"prompt":"hi"}'), {
      prompt: 'hi',
      session: '',
      model: '',
      kind: '',
      cwd: '',
      timeoutMs: null,
      lingerMs: null,
    });
    const whole = {
      prompt: 'hi',
      session_id: 's-1',
      model: 'opus[1m]',
      kind: 'codex',
      cwd: 'a',
      timeout: 1.5,
      linger: 0,
    };
    assert.deepEqual(readAgentRequest(json(whole)), {
      prompt: 'hi',
      session: 's-1',
      model: 'opus[1m]',
      kind: 'codex',
      cwd: 'a',
      timeoutMs: 1500,
      lingerMs: 0,
    });
    assert.equal(readAgentRequest('{"prompt":"hi","model":null}').model, '');
  });

  test('is refused with the place of what does not fit', () => {
    const faults: readonly (readonly [string, RegExp])[] = [
      ['prompt=hi', /^the body: expected JSON/],
      ['{}', /^prompt: this is needed/],
      ['{"prompt":""}', /^prompt: /],
      ['{"prompt":"hi","permission_mode":"bypassPermissions"}', /^permission_mode: nothing is called so here/],
      ['{"prompt":"hi","session_id":"--settings"}', /^session_id: /],
      ['{"prompt":"hi","model":"-c"}', /^model: /],
      ['{"prompt":"hi","timeout":0}', /^timeout: /],
    ];
    for (const [text, message] of faults) {
      assert.throws(() => readAgentRequest(text), { code: 'invalid_input', message }, text);
    }
  });

  test('may be one of many', () => {
    const { requests, concurrency, isTold } = readBatchRequest(
      '{"agents":[{"prompt":"a"},{"prompt":"b"}],"concurrency":2}',
    );
    assert.deepEqual([requests.map(({ prompt }) => prompt), concurrency, isTold], [['a', 'b'], 2, true]);
    assert.deepEqual(readBatchRequest('{"agents":[{"prompt":"a"}],"stream":false}').isTold, false);
    assert.throws(() => readBatchRequest('{"agents":[]}'), { code: 'invalid_input' });
    assert.throws(() => readBatchRequest('{"agents":[{"prompt":"a"},{}]}'), { message: /^agents\[1\]\.prompt/ });
  });

  test('may be one more message', () => {
    assert.equal(readMessage('{"message":"more"}'), 'more');
    assert.throws(() => readMessage('{}'), { code: 'invalid_input' });
  });
});
