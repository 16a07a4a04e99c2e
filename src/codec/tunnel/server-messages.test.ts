import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MsgpackError } from '../msgpack/read-msgpack.ts';
import { writeMsgpack } from '../msgpack/write-msgpack.ts';
import { message, streamOpen } from './messages.ts';
import { readServerMessage } from './server-messages.ts';

describe('messages of the server', () => {
  test('are read whatever else they hold', () => {
    const read = (type: string, fields: Parameters<typeof message>[1] = {}) => readServerMessage(message(type, fields));
    assert.deepEqual(read('HeartbeatAck', { version: 2, more: 1 }), { type: 'HeartbeatAck', version: 2 });
    assert.deepEqual(read('HeartbeatAck'), { type: 'HeartbeatAck', version: 1 });
    assert.deepEqual(read('TunnelCreated', { url: 'http://a', subdomain: 'a' }), {
      type: 'TunnelCreated',
      url: 'http://a',
      subdomain: 'a',
      remotePort: null,
    });
    assert.deepEqual(read('Error', { code: 'X', message: 'why' }), { type: 'Error', code: 'X', message: 'why' });
    assert.deepEqual(read('Heartbeat'), { type: 'Heartbeat' });
    assert.deepEqual(read('StreamClose', { stream_id: 1, code: 4002 }), {
      type: 'StreamClose',
      streamId: 1,
      code: 4002,
      reason: '',
    });
    assert.deepEqual(read('StreamReset', { stream_id: 1 }), { type: 'StreamReset', streamId: 1, reason: '' });
    assert.equal(read('Later').type, 'unknown');
  });

  test('open streams as they were written', () => {
    const headers = [['A', 'b']] as const;
    const open = {
      streamId: 9,
      tunnelId: 'app',
      mode: 'http',
      path: '/?a',
      method: 'PUT',
      headers,
      hasBody: true,
    } as const;
    assert.deepEqual(readServerMessage(streamOpen(open, 2, null)), { type: 'StreamOpen', ...open, windowBytes: null });
    const narrow = readServerMessage(streamOpen({ ...open, windowBytes: 65_536 }, 3, null));
    assert.deepEqual(narrow, { type: 'StreamOpen', ...open, windowBytes: 65_536 });
    assert.equal(readServerMessage(message('StreamOpen', { stream_id: 1, mode: 'udp' })).type, 'unknown');
  });

  test('are refused when they are no map', () => {
    assert.throws(() => readServerMessage(writeMsgpack([1])), MsgpackError);
  });
});
