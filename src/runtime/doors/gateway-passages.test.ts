import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { GatewayPassages } from './gateway-passages.ts';

test('what goes through follows the configuration', async () => {
  const passthrough = [{ host: 'a.test', to: '127.0.0.1:1', allow: '192.0.2.1' }];
  const parts = { recorder: new MetricsRecorder(), tunnelSocket: '/nowhere/tunnels.sock' };
  const passages = new GatewayPassages(parts, configOf({ gateway: { passthrough } }));
  const pass = (name: string): boolean => passages.pass(name, new net.Socket(), Buffer.alloc(0), null);
  assert.deepEqual([pass('a.test'), pass('b.test')], [true, false]);
  passages.configure(configOf({}));
  assert.equal(pass('a.test'), false);
  passages.close();
  await passages.untilEmpty();
});
