import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { TcpVisit } from '../../../test/support/tcp-visits.ts';
import { receiveNode } from '../../services/tunnels/node-handshake.ts';
import type { VisitAnswer } from '../../services/tunnels/node-link.ts';
import type { TunnelPlace } from '../../services/tunnels/tunnel-directory.ts';
import { MemoryState } from '../../state/memory-state.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { TcpDesk } from './tcp-desk.ts';
import { VisitsOfNodes } from './visits-of-nodes.ts';

const SECRET = 'secret-of-all-nodes';

class Node {
  readonly said: string[] = [];
  readonly visits: VisitsOfNodes;
  address = '';
  answer: VisitAnswer = 'taken';
  #door: net.Server | null = null;

  constructor(t: TestContext, other: Node | null = null) {
    const place = (): TunnelPlace => {
      const address = other?.address ?? '';
      return { name: 'app', account: 'a', node: 'b', address, fence: 1, isHere: false };
    };
    this.visits = new VisitsOfNodes({
      nodes: { state: new MemoryState(), id: 'a', nodes: [] },
      places: {
        find: place,
        lookUp: () => Promise.resolve(place()),
        next: () => Promise.resolve(null),
        doubt: () => {},
      },
      secret: SECRET,
      tcp: new TcpDesk(new MetricsRecorder()),
      tls: {
        bring: (name, connection, ends) => {
          this.said.push(`${name} ${ends?.sourceAddress}`);
          connection.handler = { ...NOBODY, onData: (bytes, from, to) => void connection.write(bytes, from, to) };
          connection.resume();
          return this.answer;
        },
      },
      desk: { reports: () => [], remove: () => false },
      log: (_level, { reason }) => void this.said.push(String(reason)),
      sent: () => this.said.push('sent'),
    });
    this.visits.configure(configOf({}));
    t.after(() => this.visits.close());
  }

  /** The door for other nodes. */
  async open(t: TestContext, secret = SECRET): Promise<this> {
    this.#door = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      receiveNode(new Connection(socket, NOBODY), secret, {
        agreed: (connection, rest) => this.visits.receive(connection, rest),
        failed: () => {},
      });
    });
    await once(this.#door.listen(0, '127.0.0.1'), 'listening');
    t.after(() => this.#door?.close());
    this.address = `127.0.0.1:${(this.#door.address() as net.AddressInfo).port}`;
    return this;
  }
}

async function visit(t: TestContext, at: Node): Promise<TcpVisit> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const visited = TcpVisit.begin(t, (server.address() as net.AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const ends = { sourceAddress: '10.0.0.9', sourcePort: 1, destinationAddress: '10.0.0.2', destinationPort: 2 };
  at.visits.bring(socket, { name: 'app', ends, first: Buffer.from('early ') });
  return visited;
}

test('one node takes a visitor to the other, with their address', async (t) => {
  const there = await new Node(t).open(t);
  const here = new Node(t, there);
  const visited = await visit(t, here);
  visited.socket.write('late');
  await visited.until('early late');
  assert.deepEqual([there.said, here.said, here.visits.size], [['app 10.0.0.9'], ['sent'], 1]);
});

test('whoever is not taken is cut, and a node with another secret is told of', async (t) => {
  const there = await new Node(t).open(t);
  const here = new Node(t, there);
  for (const answer of ['missed', 'refused'] as const) {
    there.answer = answer;
    const visited = await visit(t, here);
    await visited.closed();
    assert.deepEqual([visited.error, here.said], ['ECONNRESET', []]);
  }
  const other = await new Node(t).open(t, 'another-secret');
  const wrong = new Node(t, other);
  const visited = await visit(t, wrong);
  await visited.closed();
  assert.match(wrong.said.join(), /same process\.node\.secret/);
});
