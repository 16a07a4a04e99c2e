import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drain, flowMessageOf, stats, streamBlocked, streamCredit, streamEnd, tunnelHealth } from './flow-messages.ts';
import { message, readMessage } from './messages.ts';

function read(bytes: Buffer): ReturnType<typeof flowMessageOf> {
  const said = readMessage(bytes);
  return said.type === 'unknown' ? flowMessageOf(said) : assert.fail(`${said.type} is known to older versions`);
}

test('what the third version adds is read as it was written', () => {
  const figures = { streams: 1, streamsTotal: 2, bytesReceived: 3, bytesSent: 4, roundTripMs: 1.5 };
  assert.deepEqual(read(streamCredit(7, 65_536)), { type: 'StreamCredit', streamId: 7, bytes: 65_536 });
  assert.deepEqual(read(streamBlocked(7)), { type: 'StreamBlocked', streamId: 7 });
  assert.deepEqual(read(streamEnd(7, [['A', 'b']])), { type: 'StreamEnd', streamId: 7, trailers: [['A', 'b']] });
  assert.deepEqual(read(streamEnd(7, [])), { type: 'StreamEnd', streamId: 7, trailers: [] });
  assert.deepEqual(read(stats(figures)), { type: 'Stats', ...figures });
  assert.deepEqual(read(stats({ ...figures, roundTripMs: null })), { type: 'Stats', ...figures, roundTripMs: null });
  assert.deepEqual(read(drain('soon')), { type: 'Drain', reason: 'soon' });
  const health = { type: 'TunnelHealth', tunnelId: 'app', isHealthy: false };
  assert.deepEqual(read(tunnelHealth('app', false)), health);
  assert.deepEqual(read(tunnelHealth('app', true)), { ...health, isHealthy: true });
});

test('a field that is none is left out, and no credit takes anything away', () => {
  assert.deepEqual(read(message('StreamCredit', { stream_id: 7, bytes: -5 })), {
    type: 'StreamCredit',
    streamId: 7,
    bytes: 0,
  });
  assert.deepEqual(read(message('Drain', { reason: 5 })), { type: 'Drain', reason: '' });
  assert.equal(read(message('Later')), null);
});
