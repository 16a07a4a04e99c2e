import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsCache, type DnsCacheOptions } from './dns-cache.ts';
import type { ResolveCallback, ResolvedAddress } from './resolver.ts';

const A: readonly ResolvedAddress[] = [{ address: '192.0.2.1', family: 4 }];
const B: readonly ResolvedAddress[] = [{ address: '2001:db8::1', family: 6 }];

interface Question {
  host: string;
  done: ResolveCallback;
}

function setUp(options: DnsCacheOptions = {}): { cache: DnsCache; questions: Question[]; clock: { time: number } } {
  const questions: Question[] = [];
  const clock = { time: 5000 };
  const cache = new DnsCache({
    ttlMs: 30_000,
    negativeTtlMs: 1000,
    maxStaleMs: 60_000,
    resolve: (host, done) => questions.push({ host, done }),
    now: () => clock.time,
    ...options,
  });
  return { cache, questions, clock };
}

function lookup(cache: DnsCache, host: string): Promise<readonly ResolvedAddress[]> {
  return new Promise((resolve, reject) => {
    cache.lookup(host, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });
}

describe('DnsCache', () => {
  test('asks once, then answers at once until the answer expires', async () => {
    const { cache, questions, clock } = setUp();
    const first = lookup(cache, 'example.com');
    questions[0]!.done(null, A);
    assert.equal(await first, A);

    clock.time += 29_999;
    let atOnce: readonly ResolvedAddress[] = [];
    cache.lookup('EXAMPLE.com', (_error, addresses) => (atOnce = addresses));
    assert.equal(atOnce, A);
    assert.equal(questions.length, 1);

    clock.time += 1;
    const second = lookup(cache, 'example.com');
    assert.equal(questions.length, 2);
    questions[1]!.done(null, B);
    assert.equal(await second, B);
  });

  test('those who ask at the same time share one question', async () => {
    const { cache, questions } = setUp();
    const all = [lookup(cache, 'example.com'), lookup(cache, 'example.com'), lookup(cache, 'other.example')];
    assert.deepEqual(
      questions.map(({ host }) => host),
      ['example.com', 'other.example'],
    );
    questions[1]!.done(null, B);
    questions[0]!.done(null, A);
    assert.deepEqual(await Promise.all(all), [A, A, B]);
  });

  test('a failure counts for a short while only', async () => {
    const { cache, questions, clock } = setUp();
    const first = lookup(cache, 'example.com');
    questions[0]!.done(new Error('ENOTFOUND'), []);
    await assert.rejects(first, /ENOTFOUND/);
    await assert.rejects(lookup(cache, 'example.com'), /ENOTFOUND/);
    assert.equal(questions.length, 1);
    clock.time += 1000;
    const second = lookup(cache, 'example.com');
    questions[1]!.done(null, A);
    assert.equal(await second, A);
  });

  test('an answer without any address is a failure', async () => {
    const { cache, questions } = setUp();
    const asked = lookup(cache, 'example.com');
    questions[0]!.done(null, []);
    await assert.rejects(asked, /example\.com has no address/);
  });

  test('an expired answer stands in while asking fails, for a bounded time', async () => {
    const { cache, questions, clock } = setUp();
    const first = lookup(cache, 'example.com');
    questions[0]!.done(null, A);
    await first;

    clock.time += 89_999;
    const second = lookup(cache, 'example.com');
    questions[1]!.done(new Error('EAI_AGAIN'), []);
    assert.equal(await second, A);
    assert.equal(await lookup(cache, 'example.com'), A, 'and it is not asked again at once');
    assert.equal(questions.length, 2);

    clock.time += 1001;
    const third = lookup(cache, 'example.com');
    questions[2]!.done(new Error('EAI_AGAIN'), []);
    await assert.rejects(third, /EAI_AGAIN/);
  });

  test('remembers a bounded number of names and forgets the one used longest ago', async () => {
    const { cache, questions } = setUp({ maxEntries: 2 });
    for (const host of ['a', 'b']) {
      const asked = lookup(cache, host);
      questions.at(-1)!.done(null, A);
      await asked;
    }
    await lookup(cache, 'a');
    const third = lookup(cache, 'c');
    questions.at(-1)!.done(null, A);
    await third;
    assert.equal(cache.size, 2);
    await lookup(cache, 'a');
    assert.equal(questions.length, 3);
    void lookup(cache, 'b');
    assert.equal(questions.length, 4, 'b was forgotten');
  });

  test('a name that is forgotten while its question is under way still gets its answer', async () => {
    const { cache, questions } = setUp({ maxEntries: 1 });
    const first = lookup(cache, 'a');
    void lookup(cache, 'b');
    questions[0]!.done(null, A);
    assert.equal(await first, A);
  });

  test('an address that has answered comes first until the answer expires', async () => {
    const { cache, questions, clock } = setUp();
    const first = lookup(cache, 'example.com');
    questions[0]!.done(null, [...B, ...A]);
    await first;
    cache.prefer('Example.com', '192.0.2.1');
    assert.deepEqual(await lookup(cache, 'example.com'), [...A, ...B]);
    cache.prefer('example.com', '192.0.2.99');
    cache.prefer('unknown.example', '192.0.2.1');
    assert.deepEqual(await lookup(cache, 'example.com'), [...A, ...B]);
    clock.time += 30_000;
    const second = lookup(cache, 'example.com');
    questions[1]!.done(null, [...B, ...A]);
    assert.deepEqual(await second, [...B, ...A]);
  });

  test('the system resolver knows localhost', async () => {
    const addresses = await lookup(new DnsCache(), 'localhost');
    assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'));
  });

  test('a name that cannot be asked for is a failure', async () => {
    await assert.rejects(lookup(new DnsCache(), 'a\0b'));
  });
});
