import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import { ScriptedServer, type ScriptedTalk, wayTo } from '../../../test/support/scripted-server.ts';
import { ClientWebSocket } from './client-web-socket.ts';
import { openControl } from './open-control.ts';

interface Ends {
  readonly socket: ClientWebSocket;
  readonly peer: ScriptedTalk['socket'];
  /** Messages, and the end. */
  readonly told: string[];
  readonly closed: Promise<void>;
}

async function connected(t: TestContext): Promise<Ends> {
  const server = await ScriptedServer.open(t);
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<ClientWebSocket>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let text = '';
  openControl(wayTo(server.port), {
    failed: (why) => assert.fail(why),
    opened: (connection, first) => {
      const socket = new ClientWebSocket(connection, {
        begin: (isText) => (text = isText ? 'text ' : 'binary '),
        part: (bytes, from, to) => (text += bytes.toString('utf8', from, to)),
        end: () => told.push(text),
        drain: () => {},
        closed: (code, reason) => {
          told.push(`closed ${code} ${reason}`);
          close();
        },
      });
      socket.start(first);
      resolve(socket);
    },
  });
  const [talk, socket] = await Promise.all([server.client(), promise]);
  return { socket, peer: talk.socket, told, closed };
}

describe('the end of a WebSocket that a client holds', () => {
  test('says frames that a server understands, and hears messages in order', async (t) => {
    const { socket, peer, told, closed } = await connected(t);
    socket.send(OPCODE_OF.binary, false, Buffer.from('ab'));
    socket.send(OPCODE_OF.continuation, true, Buffer.from('c'), { bytes: Buffer.from('-de-'), from: 1, to: 3 });
    assert.equal(String((await once(peer, 'message'))[0]), 'abcde');
    peer.ping('hello');
    assert.equal(String((await once(peer, 'pong'))[0]), 'hello');
    peer.send('one');
    peer.send(Buffer.from('two'));
    peer.close(4002, 'because');
    await closed;
    assert.deepEqual(told, ['text one', 'binary two', 'closed 4002 because']);
  });

  test('says why it ends, and hears of a peer that breaks off', async (t) => {
    const first = await connected(t);
    first.socket.close(1000, 'done');
    assert.deepEqual((await once(first.peer, 'close')).map(String), ['1000', 'done']);
    const second = await connected(t);
    second.peer.terminate();
    await second.closed;
    assert.deepEqual(second.told, ['closed 1006 ']);
  });
});
