import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { makeCertificate } from '../../test/support/pki.ts';
import { Redis } from '../../test/support/redis.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { RedisConnection } from './redis-connection.ts';

/** What is heard of a connection, in turn. */
class Ears {
  readonly heard: string[] = [];
  private wake = Promise.withResolvers<void>();

  readonly note = (word: string): void => {
    this.heard.push(word);
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  };

  async until(count: number): Promise<string[]> {
    while (this.heard.length < count) await this.wake.promise;
    return this.heard;
  }
}

function connect(t: TestContext, url: string, timeoutMs?: number): { connection: RedisConnection; ears: Ears } {
  const ears = new Ears();
  const events = { onUp: () => ears.note('up'), onDown: (reason: string) => ears.note(reason) };
  const connection = new RedisConnection({ url, ...events, ...(timeoutMs !== undefined && { timeoutMs }) });
  t.after(() => connection.close());
  return { connection, ears };
}

describe('the connection to Redis', () => {
  test('logs in, takes the database of the URL, and answers from the first command on', async (t) => {
    const redis = await Redis.start(t, { password: 'p@ss/word' });
    if (redis === undefined) return;
    const { connection } = connect(t, redis.url);
    assert.equal(await connection.send(['SET', 'a', 'b']), 'OK');
    assert.equal(connection.isUp, true);
    assert.match(String(await connection.send(['CLIENT', 'LIST'])), /name=sluice .*db=3 /);
  });

  test('says why it does not stand, and never with what password', async (t) => {
    const redis = await Redis.start(t, { password: 'right' });
    if (redis === undefined) return;
    const { connection, ears } = connect(t, redis.url.replace('right', 'wrong-secret'));
    await assert.rejects(connection.send(['PING']), (error: Error & { code: string }) => {
      assert.equal(error.code, 'state_unavailable');
      assert.match(error.message, /^redis:\/\/127\.0\.0\.1:\d+ \(process\.state\) .*WRONGPASS/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.match((await ears.until(1))[0] ?? '', /WRONGPASS/);
    assert.equal(connection.isUp, false);
  });

  test('comes back by itself, and tells of it once', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { connection, ears } = connect(t, redis.url);
    await ears.until(1);
    await redis.stop();
    await ears.until(2);
    await assert.rejects(connection.send(['PING']), { code: 'state_unavailable' });
    await redis.start();
    const [first, second, third, ...others] = await ears.until(3);
    assert.deepEqual([first, third, others], ['up', 'up', []]);
    assert.notEqual(second, 'up');
    assert.equal(await connection.send(['PING']), 'PONG');
  });

  test('waits for a slow server no longer than a command may take', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { connection, ears } = connect(t, redis.url, 200);
    await ears.until(1);
    redis.signal('SIGSTOP');
    await assert.rejects(connection.send(['PING']), /PING took longer than 0\.2 s/);
    redis.signal('SIGCONT');
    let answer: unknown;
    while (answer !== 'PONG') answer = await connection.send(['PING']).catch(() => null);
  });

  test('by TLS trusts only whom the machine trusts', async (t) => {
    const { cert, key } = makeCertificate(temporaryFolder(t));
    const redis = await Redis.start(t, { tls: { certFile: cert, keyFile: key } });
    if (redis === undefined) return;
    const { connection } = connect(t, redis.url);
    await assert.rejects(connection.send(['PING']), /rediss:.*self-signed certificate/);
  });

  test('that is closed answers nobody, and is not opened again', async (t) => {
    const { connection, ears } = connect(t, 'redis://127.0.0.1:1');
    connection.close();
    await assert.rejects(connection.send(['PING']), { code: 'state_unavailable' });
    assert.deepEqual(ears.heard, []);
    connection.close();
  });
});
