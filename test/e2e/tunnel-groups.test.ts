// Several clients of one account on one name, as visitors see them.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Gateway } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { Exposed, localServer, serveTunnels, wish } from '../support/exposed.ts';
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

test(
  'a member whose local server is down or unwell is left out while another is well, and comes back',
  { timeout: 60_000 },
  async (t) => {
    const gateway = await serveTunnels(t);
    let isWell = true;
    const here = await localServer(t, (_request, response) => response.end('here'));
    const checked = await localServer(t, ({ url }, response) => {
      if (url === '/healthz') response.writeHead(isWell ? 200 : 500).end();
      else response.end('checked');
    });
    const gone = await localServer(t, (_request, response) => response.end('back'));
    gone.closeAllConnections();
    await new Promise((resolve) => gone.close(resolve));
    const health = { path: '/healthz', interval: 50, timeout: 2_000, unhealthy_after: 1, healthy_after: 1 };
    const open = (port: number, more: object = {}) => Exposed.open(t, gateway, wish(port, { group: true, ...more }));
    await open(here.port);
    await open(gone.port);
    const exposed = await open(checked.port, { health });
    const round = async (): Promise<string[]> => {
      const visits = await Promise.all(Array.from({ length: 6 }, () => visit(gateway)));
      return [...new Set(visits.map(({ status, body }) => `${status} ${body}`))].toSorted();
    };
    const until = async (wanted: readonly string[]): Promise<void> => {
      while ((await round()).join() !== wanted.join());
    };
    // Nobody sees that one of them is not there.
    for (let i = 0; i < 3; i++) assert.deepEqual(await round(), ['200 checked', '200 here']);
    isWell = false;
    await exposed.until(() => exposed.health.length === 1);
    await until(['200 here']);
    isWell = true;
    await until(['200 checked', '200 here']);
    gone.listen(gone.port, '127.0.0.1');
    await until(['200 back', '200 checked', '200 here']);
  },
);
