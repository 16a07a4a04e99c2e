// Tunnels with several threads: clients are connected to the main one, and visitors come in on any.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import { ask } from '../support/ask.ts';
import { configOf, type GatewaySettings } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const SETTINGS: GatewaySettings = {
  users: [{ name: 'alice', token: 'token-of-alice', may: ['tunnels'] }],
  tunnels: { server: { enabled: true, listen: '127.0.0.1:0', domain: 'example.test' } },
};

test('visitors on every thread reach the one client of a tunnel', async (t) => {
  const stage = new WorkerStage(t, 2);
  await stage.tunnels.apply(configOf(SETTINGS));
  await stage.apply(SETTINGS);
  const door = stage.tunnels.doors()[0]?.address ?? '';
  const client = await TunnelClient.open(t, door, { token: 'token-of-alice', names: ['app'] });
  const headers = { Host: 'app.example.test' };
  const visits = Array.from({ length: 12 }, (_, at) => ask(`${stage.url}/${at}`, { headers }));
  for (const _visit of visits) {
    const { stream_id: id, path } = await client.nextOf('StreamOpen');
    client.answer(id, { body: `answer to ${path as string}` });
  }
  const answers = await Promise.all(visits);
  assert.deepEqual(
    answers.map(({ body }) => body),
    visits.map((_, at) => `answer to /${at}`),
  );
  const visitor = new WebSocket(`${stage.url.replace(/^http/, 'ws')}/`, { headers });
  t.after(() => visitor.terminate());
  const stream = (await client.nextOf('StreamOpen'))['stream_id'] as number;
  client.say('StreamData', { stream_id: stream, data: writeMsgpack({ status: 101 }), fin: true });
  await once(visitor, 'open');
  visitor.send('hello');
  assert.deepEqual((await client.next())['data'], Buffer.from('hello'));
});
