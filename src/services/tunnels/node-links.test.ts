import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { NodeLink } from './node-link.ts';
import { NodeLinks } from './node-links.ts';

const NONE = Buffer.alloc(0);

class Stage {
  readonly asked: string[] = [];
  readonly links: NodeLinks;
  readonly #failures: (() => void)[] = [];
  readonly #sockets: net.Socket[] = [];
  isThere = true;

  constructor(port: number) {
    this.links = new NodeLinks({
      connect: (address, connected, failed) => {
        this.asked.push(address);
        if (!this.isThere) {
          this.#failures.push(failed);
          return;
        }
        const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        this.#sockets.push(socket);
        socket.pause();
        socket.once('connect', () => connected(new Connection(socket, NOBODY), NONE));
      },
    });
  }

  static async open(t: TestContext): Promise<Stage> {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      const link = new NodeLink(new Connection(socket, NOBODY), { visited: () => 'missed', closed: () => {} });
      link.begin(NONE);
      t.after(() => socket.destroy());
    });
    t.after(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const stage = new Stage((server.address() as net.AddressInfo).port);
    t.after(() => stage.links.close());
    return stage;
  }

  visit(address: string): Promise<string> {
    return new Promise((failed) => this.links.open(address, 'visit app', { taken: () => failed('taken'), failed }));
  }

  fail(): void {
    for (const failed of this.#failures.splice(0)) failed();
  }

  async break(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) {
      socket.destroy();
      await once(socket, 'close');
    }
  }
}

test('a node is connected to once, by all who have to go there, and anew when that has broken', async (t) => {
  const stage = await Stage.open(t);
  assert.deepEqual(await Promise.all(['a', 'a', 'b'].map((address) => stage.visit(address))), [
    'missed',
    'missed',
    'missed',
  ]);
  assert.equal(await stage.visit('a'), 'missed');
  assert.deepEqual(stage.asked, ['a', 'b']);
  await stage.break();
  assert.equal(await stage.visit('a'), 'missed');
  assert.deepEqual(stage.asked, ['a', 'b', 'a']);
});

test('when it cannot be had all who wait for it are told, and the next one asks again', async (t) => {
  const stage = await Stage.open(t);
  stage.isThere = false;
  const waiting = [stage.visit('a'), stage.visit('a')];
  stage.fail();
  assert.deepEqual([await Promise.all(waiting), stage.asked], [['gone', 'gone'], ['a']]);
  stage.isThere = true;
  assert.equal(await stage.visit('a'), 'missed');
});
