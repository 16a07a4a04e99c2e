import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tcpTunnelsSchema } from './tunnels-tcp.ts';
import { tunnelsSchema } from './tunnels.ts';

function acceptsServer(server: object): boolean {
  return tunnelsSchema.safeParse({ server }).success;
}

function acceptsClient(client: object): boolean {
  return tunnelsSchema.safeParse({ client }).success;
}

describe('the tunnel server', () => {
  test('is off, with defaults that work on one machine', () => {
    assert.partialDeepStrictEqual(tunnelsSchema.parse({}).server, {
      enabled: false,
      listen: '127.0.0.1:6400',
      tls: null,
      one_port: false,
      domain: 'localhost',
      public_url: 'http://{subdomain}.localhost:8080',
      tcp_ports: { from: 20_000, to: 20_999 },
      tcp: tcpTunnelsSchema.parse({}),
      registration: 'open',
      token_ttl: null,
      hold: 86_400_000,
      reserved: [],
    });
  });

  test('has a range of ports that goes up', () => {
    assert.ok(acceptsServer({ tcp_ports: '1024-65535' }));
    assert.ok(acceptsServer({ tcp_ports: { from: 5000, to: 5000 } }));
    for (const range of ['9000-8000', '1023-9000', '2000-65536', '80', 'a-b', { from: 5 }, 80]) {
      assert.ok(!acceptsServer({ tcp_ports: range }), JSON.stringify(range));
    }
  });

  test('tells addresses with the name of the tunnel in them', () => {
    assert.ok(acceptsServer({ public_url: 'https://{subdomain}.t.example' }));
    assert.ok(!acceptsServer({ public_url: 'https://t.example' }));
  });
});

describe('the tunnel client', () => {
  test('knows its server by address or URL', () => {
    for (const server of [
      'localhost:6400',
      't.example',
      'wss://t.example',
      'ws://[::1]:6400/',
      'https://t.example:443',
    ]) {
      assert.ok(acceptsClient({ server }), server);
    }
    for (const server of ['', 'ftp://t', 'wss://u:p@t', 'wss://t/path', 'a b'])
      assert.ok(!acceptsClient({ server }), server);
  });

  test('has tunnels that need a name and a port', () => {
    const { tunnels } = tunnelsSchema.parse({
      client: { tunnels: [{ name: 'web', local_port: 80, subdomain: 'MyApp' }] },
    }).client;
    assert.partialDeepStrictEqual(tunnels, [
      {
        name: 'web',
        protocol: 'http',
        local_host: '127.0.0.1',
        local_port: 80,
        subdomain: 'myapp',
        hostname: null,
        auth: null,
        remote_port: null,
        host_header: 'local',
        allow: [],
        request_headers: {},
        response_headers: {},
      },
    ]);
    for (const wrong of [
      { name: 'a' },
      { local_port: 1 },
      { name: 'a', local_port: 1, auth: 'user' },
      { name: 'a', local_port: 1, subdomain: '-' },
    ]) {
      assert.ok(!acceptsClient({ tunnels: [wrong] }), JSON.stringify(wrong));
    }
  });
});
