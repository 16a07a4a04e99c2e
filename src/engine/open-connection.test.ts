import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import { clientName } from './open-connection.ts';

const UPGRADE = head('GET /chat HTTP/1.1', 'Host: a.test:81', 'Connection: Upgrade', 'Upgrade: websocket');

describe('an open connection', () => {
  test('tells what runs on it, and nothing of that when nothing does', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial();
    const [busy] = play.engine.describeConnections(10);
    assert.deepEqual(
      [busy?.door, busy?.protocol, busy?.request?.method, busy?.request?.destination],
      ['gateway', 'http1', 'GET', 'a.test'],
    );
    assert.ok((busy?.bytesReceived ?? 0) > 0 && (busy?.ageMs ?? -1) >= 0 && (busy?.request?.ageMs ?? -1) >= 0);
    play
      .expectUpstream(/GET/)
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0'))
      .expectDownstream(/200 OK/);
    assert.equal(play.engine.describeConnections(10)[0]?.request, null);
  });

  test('is a tunnel once both sides are joined', (t) => {
    const play = new Playbook(t).downstreamSends(UPGRADE).expectDial().expectUpstream(/GET/);
    assert.equal(play.engine.describeConnections(1)[0]?.protocol, 'http1');
    play
      .upstreamSends(head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'))
      .expectDownstream(/101/);
    const [joined] = play.engine.describeConnections(1);
    assert.deepEqual([joined?.protocol, joined?.request?.destination], ['tunnel', 'a.test:81']);
  });

  test('is one of as many as are asked for', (t) => {
    const play = new Playbook(t).clientConnects().clientConnects();
    assert.ok(play.engine.describeConnections(10).length >= 2);
    assert.equal(play.engine.describeConnections(1).length, 1);
  });

  test('has a client with an address, or one behind a unix socket', () => {
    assert.deepEqual(
      [clientName('::1', 5), clientName('192.0.2.1', 6), clientName('', 0)],
      ['[::1]:5', '192.0.2.1:6', ''],
    );
  });
});
