import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { sharedExchange } from './shared-exchange.ts';
import type { JsonObject } from './store-format.ts';
import type { TokenAnswer } from './token-request.ts';

const QUESTION = { grant_type: 'refresh_token', refresh_token: 'secret-of-first' };
const RENEWED: TokenAnswer = {
  status: 200,
  body: { access_token: 'secret-access', refresh_token: 'next' },
  retryAfterMs: null,
};

interface Provider {
  readonly asked: JsonObject[];
  readonly ask: (question: JsonObject) => Promise<TokenAnswer>;
}

function provider(answer: TokenAnswer = RENEWED): Provider {
  const asked: JsonObject[] = [];
  return {
    asked,
    ask: async (question) => {
      asked.push(question);
      await new Promise(setImmediate);
      return answer;
    },
  };
}

describe('a login that several nodes have', () => {
  test('is renewed by one of them, and the others get the answer, also later', async () => {
    const share = new MemoryShare();
    const { asked, ask } = provider();
    const nodes = Array.from({ length: 4 }, () =>
      sharedExchange({ open: () => new MemoryState(share), ask, pollMs: 1 }),
    );
    const answers = await Promise.all(nodes.map((exchange) => exchange(QUESTION)));
    answers.push(...(await Promise.all(nodes.map((exchange) => exchange(QUESTION)))));
    assert.equal(asked.length, 1);
    for (const answer of answers) assert.deepEqual(answer, RENEWED);
    const kept = JSON.stringify([...share.values, ...share.leases]);
    assert.doesNotMatch(kept, /secret|next/);
  });

  test('holds from when it was given', async (t) => {
    const share = new MemoryShare();
    const open = (): MemoryState => new MemoryState(share);
    const { ask } = provider({ status: 200, body: { access_token: 'a', expires_in: 3_600 }, retryAfterMs: null });
    await sharedExchange({ open, ask })(QUESTION);
    const now = Date.now();
    t.mock.method(Date, 'now', () => now + 600_000);
    const { body } = await sharedExchange({ open, ask })(QUESTION);
    assert.ok(Number(body?.['expires_in']) <= 3_000, JSON.stringify(body));
  });

  test('that the provider refuses to renew is asked for again by the next', async () => {
    const share = new MemoryShare();
    const refused = provider({ status: 400, body: { error: 'invalid_grant' }, retryAfterMs: null });
    const good = provider();
    const open = (): MemoryState => new MemoryState(share);
    assert.equal((await sharedExchange({ open, ask: refused.ask })(QUESTION)).status, 400);
    assert.deepEqual(await sharedExchange({ open, ask: good.ask })(QUESTION), RENEWED);
    assert.deepEqual([refused.asked.length, good.asked.length], [1, 1]);
  });

  test('is renewed as by a node alone where nobody can be asked about it', async () => {
    const { asked, ask } = provider();
    const gone = (): Promise<never> => Promise.reject(new Error('gone'));
    const open = () => ({ claim: gone, get: gone, put: gone, release: gone, close: () => {} });
    assert.deepEqual(await sharedExchange({ open, ask })(QUESTION), RENEWED);
    assert.deepEqual(await sharedExchange({ open, ask })({}), RENEWED);
    assert.equal(asked.length, 2);
  });

  test('is nobody else’s: what lies in its place is not believed', async () => {
    const share = new MemoryShare();
    const { asked, ask } = provider();
    const open = (): MemoryState => new MemoryState(share);
    await sharedExchange({ open, ask })(QUESTION);
    for (const name of share.values.keys())
      await open().put(name, Buffer.from('forged answer, not sealed').toString('base64'), 1_000);
    await sharedExchange({ open, ask })(QUESTION);
    assert.equal(asked.length, 2);
  });
});
