import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { AccessLog } from './access-log.ts';
import type { AccessRecord } from './access-record.ts';
import type { LogSink } from './log-sink.ts';

class MemorySink implements LogSink {
  readonly batches: { readonly lines: string; readonly count: number }[] = [];
  full = false;
  flushes = 0;
  readonly dropped = 0;

  write(lines: Uint8Array, count: number): boolean {
    if (!this.full) this.batches.push({ lines: Buffer.from(lines).toString(), count });
    return !this.full;
  }

  flushSync(): void {
    this.flushes += 1;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const recordOf = (target: string): AccessRecord => ({
  timeMs: 0,
  durationMs: 1,
  clientAddress: '127.0.0.1',
  door: 'gateway',
  route: null,
  method: 'GET',
  host: null,
  target,
  protocol: 'HTTP/1.1',
  status: 200,
  bytesReceived: 0,
  bytesSent: 0,
  requestId: 'r',
  userAgent: null,
  referer: null,
  user: null,
  upstream: null,
  upstreamDurationMs: -1,
  errorCode: null,
  traceId: null,
});

function openLog(context: TestContext): { readonly log: AccessLog; readonly sink: MemorySink } {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const sink = new MemorySink();
  const log = new AccessLog({ format: 'common', sink });
  context.after(() => log.close());
  return { log, sink };
}

describe('the access log', () => {
  test('gathers lines and hands them over together after a quarter of a second', (context) => {
    const { log, sink } = openLog(context);
    log.record(recordOf('/1'));
    log.record(recordOf('/2'));
    assert.equal(sink.batches.length, 0);
    context.mock.timers.tick(250);
    assert.equal(sink.batches.length, 1);
    assert.equal(sink.batches[0]?.count, 2);
    assert.match(sink.batches[0].lines, /^[^\n]*"GET \/1 [^\n]*\n[^\n]*"GET \/2 [^\n]*\n$/);
  });

  test('goes on gathering after the first batch', (context) => {
    const { log, sink } = openLog(context);
    for (const target of ['/1', '/2', '/3']) {
      log.record(recordOf(target));
      context.mock.timers.tick(250);
    }
    assert.deepEqual(
      sink.batches.map(({ count }) => count),
      [1, 1, 1],
    );
  });

  test('hands over whole lines when 64 KiB are full, without waiting', (context) => {
    const { log, sink } = openLog(context);
    for (let line = 0; line < 3000; line += 1) log.record(recordOf(`/${line}`));
    log.flush();
    const text = sink.batches.map(({ lines }) => lines).join('');
    assert.ok(sink.batches.length > 2);
    assert.ok(sink.batches.every(({ lines }) => lines.endsWith('\n') && lines.length <= 65_536));
    assert.deepEqual(
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => / (\/\d+) /.exec(line)?.[1]),
      Array.from({ length: 3000 }, (_, line) => `/${line}`),
    );
  });

  test('a line larger than a batch goes out whole and in its place', (context) => {
    const { log, sink } = openLog(context);
    for (const target of ['/before', `/${'é'.repeat(40_000)}`, '/after']) log.record(recordOf(target));
    log.flush();
    assert.deepEqual(
      sink.batches.map(({ lines, count }) => [count, lines.split(' ')[6]?.slice(0, 7)]),
      [
        [1, '/before'],
        [1, '/éééééé'],
        [1, '/after'],
      ],
    );
  });

  test('counts what the sink does not take, and goes on when it does again', (context) => {
    const { log, sink } = openLog(context);
    sink.full = true;
    log.record(recordOf('/1'));
    log.record(recordOf('/2'));
    log.flush();
    assert.equal(log.dropped, 2);
    sink.full = false;
    log.record(recordOf('/3'));
    log.flush();
    assert.equal(log.dropped, 2);
    assert.equal(sink.batches.length, 1);
  });

  test('an empty log hands over nothing', (context) => {
    const { log, sink } = openLog(context);
    log.flush();
    assert.equal(sink.batches.length, 0);
  });

  test('closing writes what is pending and leaves nothing behind', async (context) => {
    const listeners = process.listenerCount('exit');
    const { log, sink } = openLog(context);
    log.record(recordOf('/1'));
    assert.equal(process.listenerCount('exit'), listeners + 1);
    await log.close();
    assert.equal(sink.batches.length, 1);
    assert.equal(process.listenerCount('exit'), listeners);
  });
});
