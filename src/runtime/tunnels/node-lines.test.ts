import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Origin, OriginDialEvents } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import type { Connection } from '../../transport/connection.ts';
import { nodeLines } from './node-lines.ts';

const TIMES = { lookMs: 1, patienceMs: 1, hopeMs: 60_000 };
const ORIGIN = { name: 'node 10.0.0.2:7946' } as Origin;
const NO_TIMINGS = { dnsMs: 0, connectMs: 0, tlsMs: 0 };

class Node {
  isSilent = false;
  dials = 0;
  readonly open = new Set<Connection>();
  #waiting: (() => void)[] = [];

  readonly dial: Dial = (_origin, events) => {
    this.dials += 1;
    setImmediate(() => {
      if (this.isSilent) events.failed(new SluiceError('upstream_unreachable'));
      else events.connected(this.#connection(), NO_TIMINGS);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  };

  #connection(): Connection {
    const connection = {
      closed: false,
      destroy: () => {
        connection.closed = true;
        this.open.delete(connection as unknown as Connection);
      },
    };
    this.open.add(connection as unknown as Connection);
    return connection as unknown as Connection;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function opened(dial: Dial): Promise<string> {
  return new Promise((resolve) => {
    const events: OriginDialEvents = {
      connected: () => resolve('connected'),
      failed: ({ code }) => resolve(code),
    };
    dial(ORIGIN, events, null);
  });
}

test('connections to a node that does not answer twice are cut, nobody waits for it, and it is there again when it answers', async (t) => {
  stayAwake(t);
  const node = new Node();
  const dial = nodeLines(node.dial, TIMES);
  assert.equal(await opened(dial), 'connected');
  await node.until(() => node.dials > 3);
  assert.ok(node.open.size >= 1);
  node.isSilent = true;
  await node.until(() => node.open.size === 0);
  const before = node.dials;
  assert.equal(await opened(dial), 'upstream_unreachable');
  assert.ok(node.dials <= before + 1);
  node.isSilent = false;
  while ((await opened(dial)) !== 'connected') await new Promise((resolve) => setTimeout(resolve, 1));
  for (const connection of node.open) connection.destroy('done');
});

test('nobody is greeted who has no connection', async (t) => {
  stayAwake(t);
  const node = new Node();
  const dial = nodeLines(node.dial, TIMES);
  await opened(dial);
  for (const connection of node.open) connection.destroy('done');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { dials } = node;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(node.dials, dials);
});

/** The timers of what is tested keep no program running. */
function stayAwake(t: TestContext): void {
  const timer = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(timer));
}
