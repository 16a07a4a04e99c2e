import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aiUseOf, modelOfPath } from './ai-use.ts';

test('what models answer with is counted, what asks no model is free, and of the rest nobody knows', () => {
  for (const [method, path, use] of [
    ['POST', '/claude/v1/messages', 'counted'],
    ['POST', '/chatgpt/v1/responses', 'counted'],
    ['POST', '/chatgpt/v1/chat/completions', 'counted'],
    ['POST', '/chatgpt/v1/completions', 'counted'],
    ['POST', '/chatgpt/v1/responses/compact', 'counted'],
    ['POST', '/chatgpt/v1/embeddings', 'counted'],
    ['PUT', '/chatgpt/v1/responses', 'uncounted'],
    ['POST', '/claude/v1/messages/', 'uncounted'],
    ['POST', '/claude/v1/messages/batches', 'uncounted'],
    ['POST', '/chatgpt/v1/images/generations', 'uncounted'],
    ['POST', '/claude/v1/messages/count_tokens', 'free'],
    ['POST', '/chatgpt/v1/responses/input_tokens', 'free'],
    ['POST', '/chatgpt/v1/responses/resp_1/cancel', 'free'],
    ['GET', '/claude/v1/models', 'free'],
    ['DELETE', '/chatgpt/v1/responses/resp_1', 'free'],
  ] as const) {
    assert.equal(aiUseOf(method, path), use, `${method} ${path}`);
  }
});

test('a path may be about one model', () => {
  assert.equal(modelOfPath('/claude/v1/models/claude-x'), 'claude-x');
  assert.equal(modelOfPath('/chatgpt/v1/models/ft%3Ax%2Fy'), 'ft:x/y');
  assert.equal(modelOfPath('/chatgpt/v1/models/%zz'), '%zz');
  assert.equal(modelOfPath('/claude/v1/models'), null);
  assert.equal(modelOfPath('/claude/v1/messages'), null);
});
