import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageCollector } from './message-collector.ts';

test('parts become one message, whatever was before, and what is too long is refused', () => {
  const messages: string[] = [];
  const collector = new MessageCollector(200_000, (bytes) => messages.push(bytes.toString()));
  const say = (...parts: string[]): boolean[] => {
    collector.begin();
    const taken = parts.map((part) => collector.part(Buffer.from(`_${part}_`), 1, part.length + 1));
    if (!taken.includes(false)) collector.end();
    return taken;
  };
  say('ab', 'c');
  say();
  say('x'.repeat(150_000), 'y');
  assert.deepEqual(say('x'.repeat(150_000), 'y'.repeat(100_000)), [true, false]);
  say('last');
  assert.deepEqual(messages, ['abc', '', `${'x'.repeat(150_000)}y`, 'last']);
});
