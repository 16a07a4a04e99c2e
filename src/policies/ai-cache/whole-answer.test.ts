import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWholeAnswer } from './whole-answer.ts';

const whole = (text: string, isStream: boolean): boolean => isWholeAnswer(Buffer.from(text), isStream);

test('a JSON is an answer when it is whole, is no error, and goes on nowhere else', () => {
  for (const text of ['{"type":"message"}', ' {"status":"completed","error":null}\n', '{"input_tokens":1}', '{}']) {
    assert.equal(whole(text, false), true, text);
  }
  const not = ['', '[]', '{"a":', '{"type":"error"}', '{"error":{"code":1}}', '{"status":"in_progress"}'];
  for (const text of [...not, '{"status":"failed"}', 'null']) assert.equal(whole(text, false), false, text);
});

test('a stream is an answer when it has said that it is at its end', () => {
  const chunk = 'data: {"choices":[]}\n\n';
  const ends = ['event: message_stop\ndata: {}\n\n', 'event:response.completed\r\ndata:{}\r\n\r\n', 'data: [DONE]\n\n'];
  for (const end of ends) {
    assert.equal(whole(chunk + end, true), true, end);
    assert.equal(whole(`${chunk}${end}: bye\n\n`, true), true, end);
    assert.equal(whole(chunk + end.slice(0, -2), true), false, end);
    assert.equal(whole(`event: error\ndata: {}\n\n${end}`, true), false, end);
  }
  for (const text of ['', chunk, 'event: response.failed\ndata: {}\n\n', 'data: "[DONE]"\n\n', 'data: [DONE]x\n\n']) {
    assert.equal(whole(text, true), false, text);
  }
});
