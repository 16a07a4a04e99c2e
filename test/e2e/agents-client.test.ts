// The client for programs against a real gateway, by way of a relay that cuts its connections again and again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { SluiceClient } from '../../src/client/sluice-client.ts';
import { Gateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'a-token-of-alice-1';
const USERS = [{ name: 'alice', token: TOKEN, may: ['agents', 'exec'] }];
const SH = { command: '/bin/sh', args: ['-s'], events: { end: 'done' } };
const DONE = `echo '{"type":"done"}'`;

async function gatewayFor(t: TestContext): Promise<Gateway> {
  const workspace = temporaryFolder(t);
  return Gateway.open(t, {
    users: USERS,
    agents: { enabled: true, default: 'sh', workspace, kinds: { sh: SH } },
    exec: { enabled: true, allowed_commands: ['/bin/cat'], workspace },
  });
}

/** Cuts each connection after so many bytes of the answer. Counts them. */
async function cuttingRelay(
  t: TestContext,
  port: number,
  cutAfter: number,
): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = net.createServer((client) => {
    connections += 1;
    const upstream = net.connect(port, '127.0.0.1');
    let left = cutAfter;
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) client.end(() => client.destroy());
    });
    upstream.on('close', () => client.end());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, connections: () => connections };
}

describe('the client for programs', () => {
  test('misses nothing and gets nothing twice, however often it is cut off', async (t) => {
    const gateway = await gatewayFor(t);
    const relay = await cuttingRelay(t, gateway.port, 3_000);
    const client = new SluiceClient({ url: relay.url, token: TOKEN });
    const prompt = `i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "{\\"n\\":$i}"; done; ${DONE}`;
    const seen: number[] = [];
    let status = '';
    for await (const event of client.agents.stream({ prompt })) {
      if (event.kind === 'line' && 'n' in event.data) seen.push(Number(event.data['n']));
      if (event.kind === 'complete') status = event.agent.status;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    assert.equal(status, 'ok');
    assert.ok(relay.connections() > 2, String(relay.connections()));
  });

  test('follows a batch the same way', async (t) => {
    const gateway = await gatewayFor(t);
    const relay = await cuttingRelay(t, gateway.port, 2_500);
    const client = new SluiceClient({ url: relay.url, token: TOKEN });
    const prompt = `i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo "{\\"n\\":$i}"; done; ${DONE}`;
    const agents = [{ prompt }, { prompt }, { prompt }];
    const ends: number[] = [];
    const places: number[] = [];
    for await (const event of client.agents.batch({ agents, concurrency: 2 })) {
      if (event.type === 'event' || event.type === 'complete') places.push(event.sequence);
      if (event.type === 'complete') ends.push(event.index);
    }
    assert.deepEqual(
      ends.toSorted((one, other) => one - other),
      [0, 1, 2],
    );
    assert.equal(places.length, 66);
    assert.deepEqual(
      places,
      [...new Set(places)].toSorted((one, other) => one - other),
    );
  });

  test('starts, lists, stops, runs commands, and says what was refused', async (t) => {
    const { url } = await gatewayFor(t);
    const client = new SluiceClient({ url, token: TOKEN });
    const { agent_id: id } = await client.agents.start({ prompt: 'sleep 60' });
    assert.deepEqual(
      (await client.agents.list({ status: 'running' })).map((agent) => agent.agent_id),
      [id],
    );
    await client.agents.stop(id);
    assert.equal((await client.agents.show(id)).status, 'stopped');
    await assert.rejects(client.agents.message(id, 'more'), { status: 409, code: 'agent_not_listening' });
    assert.partialDeepStrictEqual(await client.exec({ command: 'cat', stdin: 'hi' }), { stdout: 'hi', code: 0 });
    const stranger = new SluiceClient({ url, token: 'wrong' });
    await assert.rejects(stranger.agents.stream({ prompt: DONE }).next(), { status: 401, code: 'unauthorized' });
  });
});
