import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { type AnswerMessages, SocketAnswers } from './socket-answers.ts';

const OWNER = { provider: 'chatgpt', user: 'ann', account: 'team', session: 's-1' };

function say(messages: AnswerMessages, type: string, response: object): void {
  const bytes = Buffer.from(JSON.stringify({ type, response }));
  messages.part(bytes, 0, 10);
  messages.part(bytes, 10, bytes.length);
  messages.end();
}

test('two ways of messages lead to the same answers, of which each is told once', () => {
  const records: UsageRecord[] = [];
  const answers = new SocketAnswers(
    OWNER,
    (record) => void records.push(record),
    () => {},
  );
  const [first, second] = [answers.messages(), answers.messages()];
  say(first, 'response.created', { id: 'a', model: 'm-1' });
  say(second, 'response.completed', { id: 'a', usage: { output_tokens: 5 } });
  say(first, 'response.completed', { id: 'a', usage: { output_tokens: 9 } });
  say(first, 'response.completed', { usage: { output_tokens: 7 } });
  answers.close();
  say(first, 'response.completed', { id: 'b', usage: { output_tokens: 7 } });
  assert.deepEqual(
    records.map(({ model, output }) => [model, output]),
    [['m-1', 5]],
  );
});
