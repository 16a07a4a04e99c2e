import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { freePorts } from '../../../test/support/free-ports.ts';
import { refusedPort, TcpVisit } from '../../../test/support/tcp-visits.ts';
import { MemoryState } from '../../state/memory-state.ts';
import { NodePorts } from './node-ports.ts';
import { PortDoors } from './port-doors.ts';

const NODES = ['a', 'b'].map((id) => ({ id, address: `10.0.0.1:${id}` }));

class Node {
  readonly ports: NodePorts;
  readonly own: number[] = [];
  readonly told: string[] = [];
  readonly came: number[] = [];
  host: string | null = '127.0.0.1';
  nowMs = 0;

  constructor(t: TestContext, state: MemoryState, id: string) {
    this.ports = new NodePorts({
      state,
      node: id,
      nodes: () => NODES,
      doors: new PortDoors(),
      own: () => this.own,
      placeOf: () => this.host,
      take: (port, socket) => {
        this.came.push(port);
        socket.resetAndDestroy();
      },
      events: { unavailable: (port, why) => void this.told.push(`${port} ${why}`), changed: () => {} },
      now: () => this.nowMs,
    });
    t.after(() => this.ports.close());
  }
}

async function isOpen(port: number): Promise<boolean> {
  return !(await refusedPort(port));
}

test('a port of another node is open here, whether it was heard of or is listed, until nobody has it', async (t) => {
  const [heard = 0, listed = 0] = await freePorts(2);
  const state = new MemoryState();
  const [one, other] = [new Node(t, state, 'a'), new Node(t, state, 'b')];
  one.own.push(listed);
  await one.ports.round();
  await other.ports.round();
  other.ports.appeared(heard);
  while (other.ports.open < 2) await new Promise(setImmediate);
  const visit = TcpVisit.begin(t, listed);
  await visit.closed();
  assert.deepEqual([[...other.came], await isOpen(heard), other.ports.missing], [[listed], true, 0]);
  other.ports.gone(heard);
  assert.deepEqual([await isOpen(heard), other.ports.has(heard)], [false, false]);
  one.own.length = 0;
  await one.ports.round();
  await other.ports.round();
  assert.ok(await isOpen(listed));
  other.nowMs += 60_000;
  await other.ports.round();
  assert.equal(await isOpen(listed), false);
});

test('a port that cannot be had is told once and tried again, and one that may not be opened here is not', async (t) => {
  const [port = 0] = await freePorts(1);
  const state = new MemoryState();
  const [blocking, node] = [new PortDoors(), new Node(t, state, 'a')];
  const nobody = (): void => {};
  await blocking.open({ port, host: '127.0.0.1' }, 'own', nobody);
  for (let round = 0; round < 2; round += 1) {
    node.ports.appeared(port);
    while (node.told.length === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  }
  assert.deepEqual([node.told, node.ports.missing], [[`${port} EADDRINUSE`], 1]);
  blocking.leave(port, 'own', nobody);
  node.ports.appeared(port);
  while (node.ports.open === 0) await new Promise(setImmediate);
  node.host = null;
  node.ports.configure();
  assert.deepEqual([await isOpen(port), node.ports.open], [false, 0]);
});

test('while nobody can be asked what is known stays open', async (t) => {
  const [port = 0] = await freePorts(1);
  const state = new MemoryState();
  const node = new Node(t, state, 'a');
  node.ports.appeared(port);
  while (node.ports.open === 0) await new Promise(setImmediate);
  t.mock.method(state, 'get', () => Promise.reject(new Error('gone')));
  node.nowMs += 60_000;
  await node.ports.round();
  assert.equal(await isOpen(port), true);
});
