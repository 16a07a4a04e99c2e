// Tunnels that `sluice up` opens by itself, from one Sluice to another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../support/ask.ts';
import { localServer } from '../support/exposed.ts';
import { startSluice } from '../support/sluice-process.ts';

const SERVER = `
gateway: { listen: 127.0.0.1:0 }
tunnels: { server: { enabled: true, listen: 127.0.0.1:0, domain: example.test, public_url: "http://{subdomain}.example.test" } }
users: [{ name: alice, token: the-token-of-alice, may: [tunnels] }]
`;

test('sluice up opens the tunnels of its configuration, and follows a reload', async (t) => {
  const server = await startSluice(t, { files: { 'sluice.yaml': SERVER } });
  const local = await localServer(t, (request, response) => response.end(request.headers.host));
  const config = (tunnel: string): string =>
    `gateway: { listen: 127.0.0.1:0 }\ntunnels: { client: { server: "${server.address('tunnels')}", auth_token: the-token-of-alice, tunnels: [${tunnel}] } }\n`;
  const client = await startSluice(t, {
    files: { 'sluice.yaml': config(`{ name: web, local_port: ${local.port}, subdomain: app }`) },
  });
  await client.says(/"message":"tunnel open"/);
  const visit = (name: string) => ask(server.address('gateway'), { headers: { Host: `${name}.example.test` } });
  assert.equal((await visit('app')).body, `localhost:${local.port}`);
  const answer = (await (await client.admin('/api/v1/tunnels/exposed')).json()) as { tunnels: object[] };
  assert.deepEqual(answer.tunnels, [
    {
      name: 'web',
      server: server.address('tunnels'),
      local: `127.0.0.1:${local.port}`,
      status: 'online',
      url: 'http://app.example.test',
      reason: null,
      health: null,
      requests: 1,
      bytes_in: 0,
      bytes_out: `localhost:${local.port}`.length,
    },
  ]);
  client.write(
    'sluice.yaml',
    config(`{ name: web, local_port: ${local.port}, subdomain: other, host_header: visitor }`),
  );
  client.stdout = '';
  client.signal('SIGHUP');
  await client.says(/"message":"tunnel open"/);
  assert.equal((await visit('other')).body, 'other.example.test');
  assert.equal((await visit('app')).status, 503);
});
