import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, serverWay } from './server-way.ts';

const FAR = 'wss://tunnels.example.com';

function proxyOf(server: string, env: Environment): string {
  const [proxy] = serverWay(server, env).proxies;
  return proxy === undefined ? 'none' : `${proxy.host}:${proxy.port}`;
}

test('a proxy of the environment is gone through, except to this machine and where NO_PROXY says so', () => {
  const env = { HTTPS_PROXY: 'http://proxy.test:3128', http_proxy: 'other.test:8080' };
  assert.equal(proxyOf(FAR, {}), 'none');
  assert.equal(proxyOf(FAR, env), 'proxy.test:3128');
  assert.equal(proxyOf('ws://tunnels.example.com', env), 'other.test:8080');
  assert.equal(proxyOf(FAR, { ALL_PROXY: 'socks5://proxy.test:1080' }), 'proxy.test:1080');
  assert.equal(proxyOf('localhost:6400', { ...env, ALL_PROXY: 'socks5://proxy.test:1080' }), 'none');
  assert.equal(proxyOf(FAR, { ...env, NO_PROXY: '.example.com' }), 'none');
});

test('a proxy that is none is told with the variable that holds it', () => {
  assert.throws(() => serverWay(FAR, { HTTPS_PROXY: 'ftp://proxy.test' }), {
    code: 'usage',
    message: /proxy to tunnels\.example\.com:443 in the environment/,
  });
});
