import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadChannel } from './thread-channel.ts';

test('what one says all others hear, until it is closed', async (t) => {
  const [first, second] = [new ThreadChannel('test words'), new ThreadChannel('test words')];
  t.after(() => second.close());
  const heard = Promise.withResolvers<unknown>();
  second.listen(heard.resolve);
  first.say({ one: 1 });
  first.close();
  first.say({ one: 2 });
  assert.deepEqual(await heard.promise, { one: 1 });
});
