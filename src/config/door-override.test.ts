import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { overrideDoor } from './door-override.ts';
import { fromJson, scalar, toPlain, type JsonValue, type MapNode, type Place } from './source-tree.ts';

const place: Place = { source: { kind: 'flag', name: '--port', folder: '/', text: '' }, from: 0, to: 0 };

function listenAfter(listen: JsonValue | undefined, door: { host?: string; port?: string | number }): unknown {
  const root = fromJson(listen === undefined ? {} : { gateway: { listen } }, place) as MapNode;
  const node = (value: string | number | undefined) => value !== undefined && scalar(value, place);
  const [host, port] = [node(door.host), node(door.port)];
  const after = overrideDoor(root, { ...(host && { host }), ...(port && { port }) });
  return (toPlain(after) as { gateway?: { listen: unknown } }).gateway?.listen;
}

describe('one half of the address of the gateway', () => {
  test('replaces that half of the default', () => {
    assert.equal(listenAfter(undefined, { port: '81' }), '127.0.0.1:81');
    assert.equal(listenAfter(undefined, { host: '0.0.0.0' }), '0.0.0.0:8080');
    assert.equal(listenAfter(undefined, { host: 'localhost', port: 81 }), 'localhost:81');
  });

  test('replaces that half of what a file says, in whatever form', () => {
    assert.equal(listenAfter(':80', { port: '81' }), ':81');
    assert.deepEqual(listenAfter(['[::1]:80', ':90'], { port: '81' }), ['[::1]:81', ':90']);
    assert.deepEqual(listenAfter([{ address: ':80', tls: null }], { host: '10.0.0.1' }), [
      { address: '10.0.0.1:80', tls: null },
    ]);
    assert.deepEqual(listenAfter({ address: '127.0.0.1:80' }, { port: '81' }), { address: '127.0.0.1:81' });
  });

  test('may be an IPv6 host, with or without brackets', () => {
    assert.equal(listenAfter(undefined, { host: '::1' }), '[::1]:8080');
    assert.equal(listenAfter(undefined, { host: '[::1]' }), '[::1]:8080');
  });

  test('takes the place of a socket and of nothing', () => {
    assert.equal(listenAfter('unix:/run/x', { port: '81' }), '127.0.0.1:81');
    assert.equal(listenAfter(null, { port: '81' }), '127.0.0.1:81');
    assert.deepEqual(listenAfter([], { port: '81' }), ['127.0.0.1:81']);
  });

  test('is left to the schema when it is no host or port', () => {
    assert.equal(listenAfter(undefined, { port: 'http' }), '127.0.0.1:http');
  });

  test('changes nothing when it is not given', () => {
    assert.equal(listenAfter(undefined, {}), undefined);
    assert.equal(listenAfter(':80', {}), ':80');
  });
});
