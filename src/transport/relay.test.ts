import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import { Connection, NOBODY } from './connection.ts';
import { proveRawIo } from './raw-io.ts';
import { relay, type Relay, type RelayEnd, type RelayGuard, type RelayOptions } from './relay.ts';
import { wheel } from './timers.ts';

before(async () => void (await proveRawIo()));

interface Pair {
  /** The two ends outside; what one sends the other receives through the relay. */
  client: net.Socket;
  origin: net.Socket;
  downstream: Connection;
  upstream: Connection;
  done: Promise<RelayEnd>;
  running: Relay;
}

async function accepted(t: TestContext): Promise<{ outside: net.Socket; inside: net.Socket }> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const outside = net.connect({
    port: (server.address() as net.AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [inside] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  outside.on('error', () => {});
  t.after(() => {
    outside.destroy();
    inside.destroy();
  });
  return { outside, inside };
}

async function setUp(t: TestContext, options: Partial<RelayOptions> = {}): Promise<Pair> {
  const down = await accepted(t);
  const up = await accepted(t);
  const downstream = new Connection(down.inside, NOBODY);
  const upstream = new Connection(up.inside, NOBODY);
  let running: Relay | undefined;
  const done = new Promise<RelayEnd>((resolve) => {
    running = relay(downstream, upstream, { idleTimeoutMs: 60_000, onDone: resolve, ...options });
  });
  return { client: down.outside, origin: up.outside, downstream, upstream, done, running: running! };
}

async function readAll(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function errorOf(socket: net.Socket): Promise<string | undefined> {
  let code: string | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
  socket.resume();
  await new Promise((resolve) => socket.on('close', resolve));
  return code;
}

describe('relay', () => {
  test('carries bytes both ways and counts them', async (t) => {
    const { client, origin, done } = await setUp(t);
    client.write('ping');
    assert.equal(String((await once(origin, 'data'))[0]), 'ping');
    origin.end('answer');
    assert.equal(String(await readAll(client)), 'answer');
    client.end();
    assert.deepEqual(await done, { reason: 'eof', bytesFromDownstream: 4, bytesFromUpstream: 6 });
    assert.equal(wheel.held, 0);
  });

  test('hands on first what was read before it began', async (t) => {
    const { client, origin, done } = await setUp(t, {
      firstFromDownstream: Buffer.from('early '),
      firstFromUpstream: Buffer.from('banner '),
    });
    client.end('late');
    origin.end('rest');
    assert.equal(String(await readAll(origin)), 'early late');
    assert.equal(String(await readAll(client)), 'banner rest');
    assert.deepEqual(await done, { reason: 'eof', bytesFromDownstream: 10, bytesFromUpstream: 11 });
  });

  test('passes an end on while the other direction goes on', async (t) => {
    const { client, origin, done } = await setUp(t);
    client.end('question');
    assert.equal(String(await readAll(origin)), 'question');
    origin.write('still ');
    origin.end('here');
    assert.equal(String(await readAll(client)), 'still here');
    assert.equal((await done).reason, 'eof');
  });

  test('a client that had ended before it began is an end for the origin', async (t) => {
    const { client, origin, done } = await setUp(t, { downstreamEnded: true, firstFromDownstream: Buffer.from('all') });
    assert.equal(String(await readAll(origin)), 'all');
    origin.end('answer');
    assert.equal(String(await readAll(client)), 'answer');
    client.end();
    assert.equal((await done).reason, 'eof');
  });

  test('bulk goes through unchanged in both directions at once', async (t) => {
    const { client, origin, done } = await setUp(t);
    const up = randomBytes(3_000_001);
    const down = randomBytes(5_000_003);
    client.end(up);
    origin.end(down);
    const [atOrigin, atClient] = await Promise.all([readAll(origin), readAll(client)]);
    assert.ok(atOrigin.equals(up));
    assert.ok(atClient.equals(down));
    assert.deepEqual(await done, { reason: 'eof', bytesFromDownstream: up.length, bytesFromUpstream: down.length });
  });

  test('a reader that does not read stops the sender, and nothing is lost', async (t) => {
    const { client, origin, done, downstream, upstream } = await setUp(t);
    const sent = randomBytes(32_000_000);
    let flushed = false;
    client.end(sent, () => (flushed = true));
    // The kernel's buffers take a few megabytes; a relay that hoards would take all of it.
    while (!upstream.congested || !downstream.isPaused) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(flushed, false);
    assert.ok(downstream.bytesRead < sent.length);
    assert.ok((await readAll(origin)).equals(sent));
    origin.end();
    client.resume();
    assert.equal((await done).bytesFromDownstream, sent.length);
  });

  test('a reset of the client is a reset for the origin', async (t) => {
    const { client, origin, done } = await setUp(t);
    client.write('half a message');
    await once(origin, 'data');
    client.resetAndDestroy();
    assert.equal(await errorOf(origin), 'ECONNRESET');
    assert.equal((await done).reason, 'reset');
    assert.equal(wheel.held, 0);
  });

  test('a reset of the origin is a reset for the client', async (t) => {
    const { client, origin, done } = await setUp(t);
    origin.write('half a message');
    await once(client, 'data');
    origin.resetAndDestroy();
    assert.equal(await errorOf(client), 'ECONNRESET');
    assert.equal((await done).reason, 'reset');
  });

  test('a reset after one side has ended still reaches the other', async (t) => {
    const { client, origin, done } = await setUp(t);
    client.end('question');
    await readAll(origin);
    origin.resetAndDestroy();
    assert.equal(await errorOf(client), 'ECONNRESET');
    assert.equal((await done).reason, 'reset');
  });

  test('ends both sides when nothing has moved for too long', async (t) => {
    const { client, origin, done } = await setUp(t, { idleTimeoutMs: 20 });
    client.write('hello');
    await once(origin, 'data');
    assert.equal((await done).reason, 'idle');
    await Promise.all([readAll(client), readAll(origin)]);
    assert.equal(wheel.held, 0);
  });

  test('an idle time counts for a side that does not read, too', async (t) => {
    const { client, done } = await setUp(t, { idleTimeoutMs: 20 });
    client.end(randomBytes(32_000_000));
    assert.equal((await done).reason, 'idle');
  });

  test('stop ends both sides at once with the reason given', async (t) => {
    const { client, origin, done, running } = await setUp(t);
    running.stop('drain');
    assert.deepEqual(await done, { reason: 'drain', bytesFromDownstream: 0, bytesFromUpstream: 0 });
    await Promise.all([readAll(client), readAll(origin)]);
  });
});

describe('a watched relay', () => {
  test('shows what the origin says when it has gone on, and nothing of what the client says', async (t) => {
    const seen: string[] = [];
    let written = 0;
    const watch = {
      take: (bytes: Buffer, from: number, to: number): void => {
        seen.push(bytes.toString('latin1', from, to));
        written = pair.downstream.bytesWritten;
      },
      end: () => void seen.push('end'),
    };
    const pair = await setUp(t, { watch });
    const { client, origin, done } = pair;
    origin.end('hello');
    assert.equal((await readAll(client)).toString(), 'hello');
    assert.equal(written, 5);
    client.end('bye');
    await done;
    assert.deepEqual(seen, ['hello', 'end']);
  });

  test('is one way of two: without a watch nothing is looked at', async (t) => {
    const { client, origin, done } = await setUp(t, { watch: null });
    origin.end(randomBytes(100_000));
    assert.equal((await readAll(client)).length, 100_000);
    client.end();
    assert.equal((await done).bytesFromUpstream, 100_000);
  });
});

describe('a guarded relay', () => {
  const guard = (verdicts: readonly ('more' | 'pass' | 'cut')[]): RelayGuard => {
    const left = [...verdicts];
    return { take: () => left.shift() ?? 'more', expired: () => {} };
  };

  test('holds what the client says until its guard lets it pass, and nothing of what the origin says', async (t) => {
    const { client, origin, done, downstream } = await setUp(t, { guard: guard(['more', 'pass']) });
    client.write('first ');
    origin.write('banner');
    assert.equal(String((await once(client, 'data'))[0]), 'banner');
    while (downstream.bytesRead === 0) await new Promise((resolve) => setImmediate(resolve));
    client.end('second');
    assert.equal(String(await readAll(origin)), 'first second');
    origin.end();
    assert.deepEqual(await done, { reason: 'eof', bytesFromDownstream: 12, bytesFromUpstream: 6 });
    assert.equal(wheel.held, 0);
  });

  test('is a reset for both sides when the guard cuts it, also at the very beginning', async (t) => {
    for (const early of ['', 'bad']) {
      const options = { guard: guard(['cut']), firstFromDownstream: Buffer.from(early) };
      const { client, origin, done } = await setUp(t, options);
      if (early === '') client.write('bad');
      assert.deepEqual(await Promise.all([errorOf(client), errorOf(origin)]), ['ECONNRESET', 'ECONNRESET']);
      assert.deepEqual(await done, { reason: 'refused', bytesFromDownstream: 0, bytesFromUpstream: 0 });
      assert.equal(wheel.held, 0);
    }
  });

  test('gives the client so long to say what the guard wants to see', async (t) => {
    let expired = 0;
    const slow: RelayGuard = { take: () => 'more', expired: () => (expired += 1) };
    const { client, origin, done } = await setUp(t, { guard: slow, guardTimeoutMs: 20 });
    client.write('begun');
    assert.deepEqual(await Promise.all([errorOf(client), errorOf(origin)]), ['ECONNRESET', 'ECONNRESET']);
    assert.equal((await done).reason, 'refused');
    assert.equal(expired, 1);
    assert.equal(wheel.held, 0);
  });
});
