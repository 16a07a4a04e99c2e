import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PortSink } from './port-sink.ts';
import type { LogLines } from './port-sink.ts';

const SINK_URL = new URL('./port-sink.ts', import.meta.url).href;

describe("a worker's way to the log", () => {
  test('lines travel whole, also those of the last moment', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      import('${SINK_URL}').then(({ PortSink }) => {
        const sink = new PortSink(parentPort);
        sink.write(Buffer.from('from a shared pool\\n'), 1);
        process.once('exit', () => sink.write(Buffer.allocUnsafeSlow(5).fill('last\\n'), 1));
        process.exit();
      });`;
    const worker = new Worker(source, { eval: true });
    const received: LogLines[] = [];
    worker.on('message', (message: LogLines) => received.push(message));
    await once(worker, 'exit');
    assert.deepEqual(
      received.map(({ kind, lines, count }) => [kind, Buffer.from(lines).toString(), count]),
      [
        ['log-lines', 'from a shared pool\n', 1],
        ['log-lines', 'last\n', 1],
      ],
    );
  });

  test('never holds anything back', async () => {
    const sink = new PortSink({ postMessage: () => {} });
    sink.flushSync();
    sink.reopen();
    await sink.drained();
    await sink.close();
    assert.equal(sink.dropped, 0);
  });
});
