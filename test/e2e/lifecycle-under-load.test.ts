// SIGTERM in the middle of traffic. A request counts as lost when it was sent on an accepted connection and its answer did
// not come whole; that no further connection is accepted is what a stop is about.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { startSluice } from '../support/sluice-process.ts';

const CLIENTS = 20;
const ENOUGH_ANSWERS = 500;
const ANSWER_END = '\r\n\r\nok';

/** A connection that always has a request on its way, until it is told that it is the last one. */
class BusyClient {
  answered = 0;
  lost = 0;
  readonly #socket: Socket;
  readonly ended: Promise<void>;
  #received = '';

  constructor(port: number, onAnswer: () => void) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#received += text;
      if (!this.#received.endsWith(ANSWER_END)) return;
      const isLast = /^connection: close/im.test(this.#received);
      this.#received = '';
      this.answered += 1;
      onAnswer();
      if (isLast) this.#socket.destroy();
      else this.#ask();
    });
    this.ended = new Promise((resolve) => {
      this.#socket.once('error', () => {});
      this.#socket.once('close', resolve);
    });
    this.#socket.once('connect', () => this.#ask());
    this.#socket.once('end', () => (this.lost += 1));
    this.#socket.once('error', () => (this.lost += 1));
  }

  #ask(): void {
    this.#socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  }
}

for (const workers of ['1', '2']) {
  test(`SIGTERM loses no request, with workers: ${workers}`, { skip: process.platform === 'win32' }, async (t) => {
    const backend = createServer((_request, response) => {
      response.setHeader('Content-Length', 2);
      setTimeout(() => response.end('ok'), 2);
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    t.after(() => {
      backend.closeAllConnections();
      backend.close();
    });
    const { port } = backend.address() as AddressInfo;
    const env = { SLUICE_PROCESS__WORKERS: workers, DEFAULT_BACKEND: `http://127.0.0.1:${port}` };
    const sluice = await startSluice(t, { env });

    const busy = Promise.withResolvers<void>();
    let answered = 0;
    const gateway = Number(new URL(sluice.address('gateway')).port);
    const clients = Array.from({ length: CLIENTS }, () => {
      return new BusyClient(gateway, () => {
        answered += 1;
        if (answered === ENOUGH_ANSWERS) busy.resolve();
      });
    });
    await busy.promise;
    sluice.signal('SIGTERM');
    await Promise.all(clients.map((client) => client.ended));

    assert.equal(
      clients.reduce((sum, client) => sum + client.lost, 0),
      0,
    );
    assert.ok(answered >= ENOUGH_ANSWERS + CLIENTS, 'every client got its last answer');
    assert.deepEqual(await sluice.ended, { code: 0, signal: null });
    assert.equal(sluice.stdout.split('"log":"access"').length - 1, answered, 'every answer has its line in the log');
  });
}
