import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Redis } from '../../../../test/support/redis.ts';
import { tierAnswerOf } from '../../../../test/support/tier-answer.ts';
import { RedisConnection } from '../../../state/redis-connection.ts';
import { CacheTier, type TierQuestion } from './cache-tier.ts';

const QUESTION: TierQuestion = { key: 'k', flightKey: 'k', varyKeyOf: (names) => names.join() };

async function tierAt(t: TestContext, url: string): Promise<CacheTier> {
  const server = new RedisConnection({ url });
  const tier = new CacheTier(server);
  t.after(() => tier.close());
  await server.send(['PING']);
  return tier;
}

describe('the second tier of the cache', () => {
  test('gives one node what another one has kept, each variant for itself', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, two] = [await tierAt(t, redis.url), await tierAt(t, redis.url)];
    assert.equal(await one.ask(QUESTION), null);
    one.keep('k', tierAnswerOf('hello', { varyNames: ['accept'], varyKey: 'accept' }));
    one.settle('k', false);
    const found = await two.ask(QUESTION);
    assert.equal(Buffer.from(found!.body).toString(), 'hello');
    assert.equal(await two.ask({ ...QUESTION, flightKey: 'k other', varyKeyOf: () => 'another' }), null);
  });

  test('has one node fetch for all that want the same, and the next one when that has failed', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, two] = [await tierAt(t, redis.url), await tierAt(t, redis.url)];
    assert.equal(await one.ask(QUESTION), null);
    const waiting = two.ask(QUESTION);
    one.settle('k', false);
    assert.equal(await waiting, null);
    const again = one.ask(QUESTION);
    two.keep('k', tierAnswerOf('hello'));
    two.settle('k', false);
    assert.equal(Buffer.from((await again)!.body).toString(), 'hello');
  });

  test('makes nobody wait for what cannot be shared', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, two] = [await tierAt(t, redis.url), await tierAt(t, redis.url)];
    assert.equal(await one.ask(QUESTION), null);
    one.settle('k', true);
    assert.deepEqual(await Promise.all([two.ask(QUESTION), one.ask(QUESTION)]), [null, null]);
  });

  test('gives nothing that was purged since, or is not fresh', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const tier = await tierAt(t, redis.url);
    tier.keep('old', tierAnswerOf('hello', { bornAtMs: Date.now() - 61_000, staleOnErrorMs: 9_999 }));
    assert.equal(await tier.ask({ ...QUESTION, key: 'old', flightKey: 'old' }), null);
    tier.keep('k', tierAnswerOf('hello'));
    assert.notEqual(await tier.ask(QUESTION), null);
    tier.purge('http://a.test/x');
    assert.equal(await tier.ask(QUESTION), null);
  });

  test('is a miss, and no error, while the server does not answer', async () => {
    let asked = 0;
    const server = {
      isUp: true,
      timeoutMs: 50,
      send: () => Promise.reject(new Error(`no ${asked++}`)),
      close: () => {},
    };
    const tier = new CacheTier(server);
    for (let round = 0; round < 5; round++) assert.equal(await tier.ask(QUESTION), null);
    tier.keep('k', tierAnswerOf('hello'));
    tier.purge('http://a.test/x');
    assert.ok(asked <= 4, `${asked} requests went to a server that does not answer`);
  });

  test('costs no more than its time, however slowly the server answers each command', async (t) => {
    const replies: (() => void)[] = [];
    const slow = (args: readonly string[]): Promise<unknown> =>
      new Promise((resolve) => replies.push(() => resolve(args[0] === 'SET' ? 'OK' : null)));
    const sent: string[] = [];
    const send = (args: readonly string[]): Promise<unknown> => (sent.push(args[0] ?? ''), slow(args));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const tier = new CacheTier({ isUp: true, timeoutMs: 50, send, close: () => {} });
    const asked = tier.ask(QUESTION);
    t.mock.timers.tick(50);
    assert.equal(await asked, null);
    for (const reply of replies.splice(0)) reply();
    await new Promise(setImmediate);
    assert.deepEqual(sent.at(-1), 'EVAL', 'the lease that came too late is given back');
  });
});
