import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RelayFlags, relayFlagValues } from './relay-flags.ts';

function valueOf(flags: RelayFlags, path: string): unknown {
  return relayFlagValues(flags).find((each) => each.path === path)?.value;
}

test('without flags the tunnel server is on as the defaults have it, and nothing goes out through proxies', () => {
  assert.deepEqual(
    relayFlagValues({}).map(({ path, value }) => [path, value]),
    [
      ['egress.listen', null],
      ['tunnels.server.enabled', true],
    ],
  );
});

test('addresses of tunnels are those at which the gateway listens', () => {
  const urlFor = (flags: RelayFlags): unknown => valueOf(flags, 'tunnels.server.public_url');
  assert.equal(urlFor({ domain: 't.example.com' }), 'http://{subdomain}.t.example.com:8080');
  assert.equal(urlFor({ domain: 't.example.com', gateway: ':80' }), 'http://{subdomain}.t.example.com');
  assert.equal(urlFor({ gateway: '127.0.0.1:9000' }), 'http://{subdomain}.localhost:9000');
  const cert = { cert: 'c.pem', key: 'c.key' };
  assert.equal(urlFor({ domain: 't.example.com', gateway: ':443', ...cert }), 'https://{subdomain}.t.example.com');
  assert.equal(urlFor(cert), 'https://{subdomain}.localhost:8080');
  assert.equal(urlFor({ domain: 'x', publicUrl: 'https://{subdomain}.x' }), 'https://{subdomain}.x');
});

test('each flag is the value of a key', () => {
  const flags = { domain: 'd', listen: ':6400', gateway: ':80', verbose: true } as const;
  const paths = ['tunnels.server.domain', 'tunnels.server.listen', 'gateway.listen', 'log.level'];
  assert.deepEqual(
    paths.map((path) => valueOf(flags, path)),
    ['d', ':6400', ':80', 'debug'],
  );
  const onePort = { cert: 'c.pem', key: 'c.key', onePort: true } as const;
  const keys = ['tunnels.server.tls.cert', 'gateway.tls.key', 'tunnels.server.one_port'];
  assert.deepEqual(
    keys.map((path) => valueOf(onePort, path)),
    ['c.pem', 'c.key', true],
  );
});
