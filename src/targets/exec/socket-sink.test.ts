import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerSocket } from '../../services/websocket/server-socket.ts';
import { SocketSink } from './socket-sink.ts';

test('each line is a message, and a full client is told of', () => {
  const sent: string[] = [];
  let isFull = 0;
  const socket = {
    sendText: (bytes: Uint8Array, from: number, to: number) => {
      sent.push(Buffer.from(bytes.subarray(from, to)).toString());
      return sent.length < 2;
    },
  } as unknown as ServerSocket;
  const sink = new SocketSink(socket, () => void (isFull += 1));
  sink.begin();
  for (const line of ['{"a":1}\n', '{"b":2}\n']) sink.write(Buffer.from(line), 0, line.length);
  sink.end();
  assert.deepEqual([sent, isFull], [['{"a":1}', '{"b":2}'], 1]);
});
