import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from './metrics-recorder.ts';
import { tcpTunnelFamilies } from './tcp-tunnel-families.ts';

test('each number has a slot of its own, the same one each time', () => {
  const recorder = new MetricsRecorder();
  const { tunnels, open, bytesIn, bytesOut, connections } = tcpTunnelFamilies(recorder);
  const slots = [tunnels, open, bytesIn, bytesOut, connections('accepted'), connections('limit')];
  assert.equal(new Set(slots).size, slots.length);
  assert.equal(connections('limit'), slots.at(-1));
});
