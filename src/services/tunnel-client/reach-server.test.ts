import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScriptedServer, wayTo } from '../../../test/support/scripted-server.ts';
import { hostField, reachServer, type ServerWay } from './reach-server.ts';

function reaching(way: ServerWay): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  reachServer(way, {
    reached: (connection) => {
      connection.destroy('done');
      resolve('reached');
    },
    failed: resolve,
  });
  return promise;
}

test('a server is reached, or it is told why not', async (t) => {
  const { port } = await ScriptedServer.open(t);
  assert.equal(await reaching(wayTo(port)), 'reached');
  const server = { host: '127.0.0.1', port, secure: true };
  assert.match(await reaching(wayTo(port, { server })), /^the TLS handshake failed: /);
  assert.match(await reaching(wayTo(1)), /127\.0\.0\.1:1/);
});

test('the Host field names the port where it is not the usual one', () => {
  assert.equal(hostField({ host: 'a.test', port: 443, secure: true }), 'a.test');
  assert.equal(hostField({ host: 'a.test', port: 443, secure: false }), 'a.test:443');
  assert.equal(hostField({ host: '::1', port: 80, secure: false }), '[::1]');
});
