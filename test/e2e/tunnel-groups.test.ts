// Several clients of one account on one name, as visitors see them.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Gateway } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { doorOf, serve, TOKEN, visit } from '../support/tunnel-visits.ts';

async function member(t: TestContext, gateway: Gateway): Promise<TunnelClient> {
  const client = await TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: [] });
  client.say('TunnelCreate', { protocol: 'http', subdomain: 'app', group: true });
  assert.equal((await client.next())['Type'], 'TunnelCreated');
  return client;
}

test('visitors are shared among those who ask for it, and one that goes leaves them to the others', async (t) => {
  const gateway = await serve(t);
  const [one, two] = [await member(t, gateway), await member(t, gateway)];
  assert.equal(gateway.tunnels.reports()[0]?.clients, 2);
  const visits = [visit(gateway), visit(gateway)];
  const opened = await Promise.all([one, two].map((client) => client.nextOf('StreamOpen')));
  one.answer(opened[0]?.['stream_id'], { body: 'one' });
  two.answer(opened[1]?.['stream_id'], { body: 'two' });
  assert.deepEqual((await Promise.all(visits)).map(({ body }) => body).toSorted(), ['one', 'two']);

  const again = [visit(gateway), visit(gateway)];
  await one.nextOf('StreamOpen');
  const mine = await two.nextOf('StreamOpen');
  one.socket.terminate();
  const taken = await two.nextOf('StreamOpen');
  for (const { stream_id: stream } of [mine, taken]) two.answer(stream, { body: 'two' });
  assert.deepEqual(
    (await Promise.all(again)).map(({ status, body }) => [status, body]),
    [
      [200, 'two'],
      [200, 'two'],
    ],
  );
});

test('a client that does not share takes the name from all of them', async (t) => {
  const gateway = await serve(t);
  const [one, two] = [await member(t, gateway), await member(t, gateway)];
  await TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: ['app'] });
  assert.deepEqual([(await one.end()).code, (await two.end()).code], [1008, 1008]);
});
