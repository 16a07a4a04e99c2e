import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { TcpVisit } from '../../../test/support/tcp-visits.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { TcpVisitor } from './tcp-visitor.ts';

class Stage {
  readonly said: string[] = [];
  takes = true;
  readonly #left = Promise.withResolvers<void>();

  static async open(t: TestContext, version: number): Promise<[Stage, TcpVisit, TcpVisitor]> {
    const stage = new Stage();
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const visit = TcpVisit.begin(t, (server.address() as AddressInfo).port);
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    const left = (): void => stage.#left.resolve();
    const visitor = new TcpVisitor(new Connection(socket, NOBODY), '10.0.0.9', {
      idleMs: 60_000,
      counted: () => {},
      left,
    });
    const stream = {
      send: (bytes: Buffer, { from, to }: { from: number; to: number }) => {
        stage.said.push(bytes.toString('latin1', from, to));
        return stage.takes;
      },
      endHalf: () => stage.said.push('(end)'),
      resume: () => {},
      close: () => stage.said.push('(close)'),
      reset: () => stage.said.push('(reset)'),
    };
    const client = { version, open: () => stream } as unknown as TunnelLink;
    assert.ok(visitor.begin(client, 'tcp-1', Buffer.from('head,')));
    return [stage, visit, visitor];
  }

  left(): Promise<void> {
    return this.#left.promise;
  }
}

test('each side may end first and still hear the other, where the client can be told', async (t) => {
  const [stage, visit, visitor] = await Stage.open(t, 3);
  visit.socket.end('ask');
  while (!stage.said.includes('(end)')) await new Promise(setImmediate);
  visitor.data(Buffer.from('answer'), null, false);
  visitor.halfEnded();
  await stage.left();
  assert.deepEqual([visit.heard, visit.error, stage.said.join('')], ['answer', null, 'head,ask(end)(close)']);
});

test('what has come up to the end is there, though the visitor still sends', async (t) => {
  const [stage, visit, visitor] = await Stage.open(t, 2);
  visit.socket.write('a');
  while (!stage.said.includes('a')) await new Promise(setImmediate);
  visitor.data(Buffer.from('all'), null, false);
  visitor.ended();
  visit.socket.write('more');
  await visit.end();
  visit.socket.end();
  await stage.left();
  assert.deepEqual([visit.heard, visit.error, stage.said.join('')], ['all', null, 'head,a']);
});
