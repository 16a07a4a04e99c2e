import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectProxy } from '../../../test/support/connect-proxy.ts';
import { Exposed, serveTunnels, tunnelDoor, wish } from '../../../test/support/exposed.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { freshServerChain } from './server-chain.ts';

test('a tunnel server is reached through all hops that are named, or not at all', async (t) => {
  const gateway = await serveTunnels(t);
  const [first, second] = [await connectProxy(t), await connectProxy(t)];
  const hops = { one: { proxy: first.url }, two: { proxy: second.url }, gone: { proxy: 'http://127.0.0.1:1' } };
  const config = configOf({ hops });
  const server = tunnelDoor(gateway);
  const through = freshServerChain(config, ['one', 'two']);
  const exposed = new Exposed(t, { server, through, tunnels: [wish(1)] });
  await exposed.until(() => exposed.opened !== null);
  assert.deepEqual(first.asked, [new URL(second.url).host]);
  assert.deepEqual(second.asked, [new URL(server).host]);
  through.dispose();
  const lost = new Exposed(t, { server, through: freshServerChain(config, ['gone']), tunnels: [wish(1)] });
  await lost.until(() => lost.losses.length > 0);
  assert.equal(lost.opened, null);
});
