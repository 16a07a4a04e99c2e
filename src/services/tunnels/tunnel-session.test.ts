import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SessionStage } from '../../../test/support/tunnel-session.ts';
import type { StreamEvents } from './tunnel-stream.ts';

const REQUEST = { tunnelId: 'app', mode: 'http', path: '/', method: 'GET', headers: [], hasBody: false } as const;

function listener(told: string[]): StreamEvents {
  return {
    head: ({ status }) => told.push(`head ${status}`),
    data: (bytes) => told.push(String(bytes)) > 0,
    ended: (code) => told.push(`ended ${code}`),
    failed: (how) => told.push(`failed ${how}`),
    drain: () => told.push('drain'),
  };
}

describe('a session', () => {
  test('begins with a token, and holds back what it would say until its client has its tunnels', async () => {
    const stage = await SessionStage.settled();
    const told: string[] = [];
    const stream = stage.session!.open(REQUEST, null, listener(told));
    assert.deepEqual(
      [stage.heard, stream?.send(Buffer.from('x'), { from: 0, to: 1, wsType: null, fin: true })],
      [[], false],
    );
    while (stage.heard.length < 2) await pause(10);
    assert.deepEqual(
      stage.heard.map(({ Type, stream_id: id }) => [Type, id]),
      [
        ['StreamOpen', 1],
        ['StreamData', 1],
      ],
    );
    assert.deepEqual([told, stage.events], [['drain'], ['opened', 'created', 'stream']]);
    stage.leave();
    assert.deepEqual([told.at(-1), stage.events.at(-1)], ['failed gone', 'closed']);
  });

  test('tells its client of no request before it has told it of the tunnel, while other nodes are asked', async () => {
    const host = new SessionStage().host;
    const asked = Promise.withResolvers<boolean>();
    const stage = new SessionStage(undefined, { ...host, confirm: () => asked.promise });
    stage.say('Auth', { token: 'right', version: 3 });
    stage.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
    const found = host.registry.find('app');
    assert.ok(found.kind === 'online');
    found.session.open(REQUEST, null, listener([]));
    asked.resolve(true);
    await new Promise(setImmediate);
    assert.deepEqual(
      stage.heard.map(({ Type }) => Type),
      ['HeartbeatAck', 'TunnelCreated', 'StreamOpen'],
    );
    stage.leave();
  });

  test('waits for whoever is asked about its token, and so does what its client says meanwhile', async () => {
    const stage = new SessionStage();
    stage.say('Auth', { token: 'asked for', version: 3 });
    stage.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
    assert.deepEqual([stage.heard, stage.events], [[], []]);
    await new Promise(setImmediate);
    assert.deepEqual(stage.events, ['opened', 'created']);
    const gone = new SessionStage();
    gone.say('Auth', { token: 'asked for', version: 3 });
    gone.leave();
    await new Promise(setImmediate);
    assert.deepEqual([gone.events, gone.heard], [[], []]);
    const flood = new SessionStage();
    for (let count = 0; count < 70; count += 1) flood.say('Auth', { token: 'asked for', version: 3 });
    assert.ok(flood.done.includes('frame 8 1008'));
  });

  test('takes no more requests than a client does, and none when it has ended', async () => {
    const stage = await SessionStage.settled();
    const session = stage.session!;
    const streams = Array.from({ length: 257 }, () => session.open(REQUEST, null, listener([])));
    assert.deepEqual([streams[255] === null, streams[256], session.streamCount], [false, null, 256]);
    streams[0]?.close();
    assert.notEqual(session.open(REQUEST, null, listener([])), null);
    stage.leave();
    assert.deepEqual([session.open(REQUEST, null, listener([])), session.isOpen], [null, false]);
    assert.equal(stage.registry.find('app').kind, 'offline');
  });

  test('ends with a word to its client where that has no name any more', async () => {
    const stage = await SessionStage.settled();
    stage.registry.forget('app');
    assert.equal(stage.heard.at(-1)?.['code'], 'SUBDOMAIN_UNAVAILABLE');
    assert.deepEqual(stage.done, ['frame 8 1008']);
    stage.leave();
    assert.deepEqual(stage.events.filter((event) => event === 'closed').length, 1);
  });

  test('refuses clients of the generation before, and what is no message', () => {
    for (const bytes of [Buffer.alloc(12), Buffer.from([0x81]), Buffer.from([0x01])]) {
      const stage = new SessionStage();
      stage.sayBytes(bytes);
      assert.deepEqual([stage.done, stage.events], [['frame 8 1002'], []]);
      stage.leave();
    }
  });
});
