import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { before, test, type TestContext } from 'node:test';
import { TcpVisit } from '../../../test/support/tcp-visits.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { NodeVisits } from './node-visits.ts';
import type { TunnelPlace } from './tunnel-directory.ts';

before(async () => void (await proveRawIo()));

const ENDS = { sourceAddress: '10.0.0.1', sourcePort: 1, destinationAddress: '10.0.0.2', destinationPort: 2 };

function place(address: string): TunnelPlace {
  return { name: 'app', account: 'a', node: address, address, fence: 1, isHere: false };
}

/** An accepted connection, and who is at its other end. */
async function accepted(t: TestContext): Promise<[Connection, TcpVisit]> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const visit = TcpVisit.begin(t, (server.address() as net.AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  return [new Connection(socket, NOBODY), visit];
}

class Stage {
  readonly said: string[] = [];
  known: TunnelPlace | null | undefined;
  asked: TunnelPlace | null = null;
  later: TunnelPlace[] = [];
  readonly visits: NodeVisits;

  constructor(taken: Connection | null) {
    this.visits = new NodeVisits({
      places: {
        find: () => this.known,
        lookUp: () => Promise.resolve(this.asked),
        next: () => Promise.resolve(this.later.shift() ?? null),
        doubt: ({ address }) => void this.said.push(`doubts ${address}`),
      },
      reach: (address, visit, events) => {
        this.said.push(`${address} ${visit}`);
        if (taken !== null && address === 'right') events.taken(taken);
        else events.failed(address === 'unwilling' ? 'refused' : 'missed');
      },
      sent: () => this.said.push('sent'),
      lost: () => this.said.push('lost'),
      changed: () => {},
    });
  }

  /** How it ends for a visitor. */
  async visit(t: TestContext): Promise<string | null> {
    const [connection, visit] = await accepted(t);
    this.visits.bring(connection, { name: 'app', ends: null, first: null });
    await visit.closed();
    await this.visits.drain();
    return visit.error;
  }
}

test('a visitor goes to the node that has the client, also if another one was known to have it', async (t) => {
  const [upstream, app] = await accepted(t);
  const stage = new Stage(upstream);
  stage.known = place('wrong');
  stage.later = [place('right')];
  const [connection, visit] = await accepted(t);
  visit.socket.end('late');
  stage.visits.bring(connection, { name: 'app', ends: ENDS, first: Buffer.from('early,') });
  await app.end();
  app.socket.end('answer');
  await visit.closed();
  assert.deepEqual([app.heard, visit.heard, visit.error], ['early,late', 'answer', null]);
  const line = 'visit app 10.0.0.1 1 10.0.0.2 2';
  assert.deepEqual(stage.said, [`wrong ${line}`, 'doubts wrong', `right ${line}`, 'sent']);
  assert.equal(stage.visits.size, 0);
});

test('whoever is led nowhere, or is not wanted there, is cut, and asked for no fourth time', async (t) => {
  const nowhere = new Stage(null);
  assert.deepEqual([await nowhere.visit(t), nowhere.said], ['ECONNRESET', ['lost']]);
  const many = new Stage(null);
  many.known = place('one');
  many.later = [place('two'), place('three'), place('four')];
  assert.equal(await many.visit(t), 'ECONNRESET');
  assert.deepEqual(
    many.said.filter((said) => !said.startsWith('doubts')),
    ['one visit app', 'two visit app', 'three visit app', 'lost'],
  );
  const unwanted = new Stage(null);
  unwanted.known = place('unwilling');
  unwanted.later = [place('two')];
  assert.deepEqual([await unwanted.visit(t), unwanted.said.includes('lost')], ['ECONNRESET', false]);
});
