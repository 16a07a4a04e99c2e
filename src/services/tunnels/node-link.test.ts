import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import { type CloseReason, Connection, NOBODY } from '../../transport/connection.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import type { VisitorEnd } from './link-stream.ts';
import { NodeLink, type VisitAnswer } from './node-link.ts';

before(async () => void (await proveRawIo()));

/** One end of a stream, which gives back what it hears if it is asked to. */
class End {
  heard = Buffer.alloc(0);
  readonly told: string[] = [];
  readonly visitor: VisitorEnd;
  readonly #gives: boolean;
  #wake: () => void = () => {};

  constructor(visitor: VisitorEnd, gives = false) {
    this.visitor = visitor;
    this.#gives = gives;
    visitor.handler = {
      onData: (bytes, from, to) => {
        if (!gives) this.heard = Buffer.concat([this.heard, bytes.subarray(from, to)]);
        else if (!visitor.write(bytes, from, to)) visitor.pause();
        this.#wake();
      },
      onHalfClose: () => this.#tell('end'),
      onDrain: () => (gives ? visitor.resume() : this.#tell('drain')),
      onClose: (reason: CloseReason) => this.#tell(reason),
    };
    visitor.resume();
  }

  #tell(what: string): void {
    this.told.push(what);
    if (what === 'end' && this.#gives) this.visitor.end();
    this.#wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

class Pair {
  readonly calling: NodeLink;
  readonly called: NodeLink;
  readonly sockets: readonly net.Socket[];
  readonly lines: string[] = [];
  readonly ends: End[] = [];
  answer: VisitAnswer = 'taken';
  closed = 0;

  private constructor(sockets: readonly [net.Socket, net.Socket]) {
    this.sockets = sockets;
    const [calling, called] = sockets;
    const closed = (): void => void (this.closed += 1);
    this.calling = new NodeLink(new Connection(calling, NOBODY), { visited: () => 'refused', closed });
    this.called = new NodeLink(new Connection(called, NOBODY), {
      visited: (line, visitor) => {
        this.lines.push(line);
        if (this.answer === 'taken') this.ends.push(new End(visitor, true));
        return this.answer;
      },
      closed,
    });
    for (const link of [this.calling, this.called]) link.begin(Buffer.alloc(0));
  }

  static async open(t: TestContext): Promise<Pair> {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    t.after(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const calling = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const [called] = (await once(server, 'connection')) as [net.Socket];
    for (const socket of [calling, called]) t.after(() => socket.destroy());
    calling.pause();
    return new Pair([calling, called]);
  }

  visit(line: string): Promise<End | string> {
    return new Promise((resolve) => {
      this.calling.open(line, { taken: (visitor) => resolve(new End(visitor)), failed: resolve });
    });
  }

  async taken(line: string): Promise<End> {
    const end = await this.visit(line);
    assert.ok(end instanceof End);
    return end;
  }
}

describe('a link between two nodes', { timeout: 30_000 }, () => {
  test('carries many visitors at once, each to its end', async (t) => {
    const pair = await Pair.open(t);
    const visits = Array.from({ length: 20 }, async (_, at) => {
      const end = await pair.taken(`visit ${at}`);
      const sent = randomBytes(300_000 + at);
      for (let from = 0; from < sent.length; from += 70_000) {
        end.visitor.write(sent, from, Math.min(sent.length, from + 70_000));
      }
      end.visitor.end();
      await end.until(() => end.told.includes('eof'));
      assert.ok(end.heard.equals(sent), String(at));
    });
    await Promise.all(visits);
    assert.deepEqual([pair.lines.length, pair.ends.every(({ told }) => told.at(-1) === 'eof')], [20, true]);
  });

  test('holds back one who is not read, and nobody else', async (t) => {
    const pair = await Pair.open(t);
    const slow = await pair.taken('visit slow');
    slow.visitor.pause();
    const bytes = randomBytes(4_000_000);
    let isHeld = false;
    for (let from = 0; from < bytes.length; from += 64_000) {
      isHeld = !slow.visitor.write(bytes, from, Math.min(bytes.length, from + 64_000)) || isHeld;
    }
    slow.visitor.end();
    const quick = await pair.taken('visit quick');
    quick.visitor.write(bytes, 0, 1_000);
    await quick.until(() => quick.heard.length === 1_000);
    assert.deepEqual([isHeld, slow.heard.length], [true, 0]);
    slow.visitor.resume();
    await slow.until(() => slow.told.includes('eof'));
    assert.ok(slow.heard.equals(bytes));
  });

  test('tells who is not taken, who is cut, and that all are when it breaks', async (t) => {
    const pair = await Pair.open(t);
    pair.answer = 'missed';
    assert.equal(await pair.visit('visit one'), 'missed');
    pair.answer = 'refused';
    assert.equal(await pair.visit('visit two'), 'refused');
    pair.answer = 'taken';
    const [cut, left] = [await pair.taken('visit three'), await pair.taken('visit four')];
    pair.ends[0]?.visitor.reset('idle');
    await cut.until(() => cut.told.includes('reset'));
    pair.sockets[1]?.destroy();
    await left.until(() => left.told.includes('reset'));
    assert.deepEqual([left.told, pair.calling.isOpen, pair.closed > 0], [['reset'], false, true]);
    assert.deepEqual([cut.visitor.closed, left.visitor.closed], [true, true]);
  });

  test('is closed by somebody who speaks otherwise', async (t) => {
    const pair = await Pair.open(t);
    const [calling] = pair.sockets;
    calling?.write('GET / HTTP/1.1\r\n\r\n');
    await once(pair.sockets[1]!, 'close');
    assert.equal(pair.called.isOpen, false);
  });
});
