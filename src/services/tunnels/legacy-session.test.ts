import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionStage } from '../../../test/support/tunnel-session.ts';
import { legacyMessage } from '../../codec/tunnel/legacy-messages.ts';
import type { LegacySocket } from './legacy-link.ts';
import type { LegacySession } from './legacy-session.ts';
import type { StreamEvents } from './tunnel-stream.ts';

const REQUEST = { tunnelId: 'app', mode: 'http', path: '/', method: 'GET', headers: [], hasBody: false } as const;

function opened(): { stage: SessionStage; session: LegacySession } {
  const stage = new SessionStage();
  stage.sayBytes(legacyMessage('Auth', { User: 'right', Version: '2.3.40', MmVersion: '2.3' }));
  stage.sayBytes(legacyMessage('ReqTunnel', { ReqId: 'r', Protocol: 'http', Subdomain: 'app' }));
  return { stage, session: stage.session as LegacySession };
}

function listener(told: string[]): StreamEvents {
  return {
    head: () => told.push('head'),
    data: () => true,
    ended: () => told.push('ended'),
    failed: (how) => told.push(`failed ${how}`),
    drain: () => {},
  };
}

function socket(told: string[]): LegacySocket {
  return {
    start: ({ request }, { url }) => told.push(`start ${request.path} ${url.slice(0, 16)}`),
    close: () => told.push('close'),
  };
}

describe('a session of the generation 2.x', () => {
  test('begins with a token and has its tunnel', () => {
    const { stage, session } = opened();
    assert.deepEqual(
      stage.heard.map(({ Type, ClientId, Url, Version }) => [Type, ClientId, Url, Version]),
      [
        ['AuthResp', session.clientId, undefined, '2.3.40'],
        ['NewTunnel', undefined, 'http://app.test', undefined],
      ],
    );
    assert.deepEqual([stage.registry.find('app'), session.version], [{ kind: 'online', session, group: null }, 0]);
    stage.leave();
    assert.deepEqual([stage.registry.find('app').kind, stage.events.at(-1)], ['offline', 'closed']);
  });

  test('asks for a socket per request that waits, and hands it on when it is free', () => {
    const { stage, session } = opened();
    const told: string[] = [];
    for (const path of ['/1', '/2']) session.open({ ...REQUEST, path }, null, listener(told));
    assert.deepEqual(
      stage.heard.slice(2).map(({ Type }) => Type),
      ['ReqProxy', 'ReqProxy'],
    );
    const first = socket(told);
    session.joined(first);
    session.isFree(first);
    assert.deepEqual(told, ['start /1 http://app.test/', 'start /2 http://app.test/']);
    session.isFree(first);
    session.open({ ...REQUEST, path: '/3' }, null, listener(told));
    session.lost(first);
    session.isFree(first);
    assert.deepEqual([told.at(-1), session.streamCount, stage.heard.length], ['start /3 http://app.test/', 3, 4]);
    stage.leave();
    assert.deepEqual(told.slice(-3), ['failed gone', 'failed gone', 'failed gone']);
  });

  test('takes no request that its client could not read', () => {
    const { session, stage } = opened();
    const told: string[] = [];
    session.open({ ...REQUEST, hasBody: true }, Buffer.alloc(4 * 1024 * 1024), listener(told));
    assert.deepEqual([told, session.streamCount], [['failed large'], 0]);
    stage.leave();
  });

  test('stays when a newer one has its name, and ends when that was removed', () => {
    const { session, stage } = opened();
    session.replaced('app');
    assert.deepEqual([session.names.size, stage.done], [0, []]);
    session.removed('other');
    assert.deepEqual(stage.done, ['frame 8 1008']);
    stage.leave();
  });

  test('is closed when the server goes, after what runs', () => {
    const { session, stage } = opened();
    const stream = session.open(REQUEST, null, listener([]));
    session.drain('restart', 1_000);
    assert.deepEqual(stage.done, []);
    stream?.close();
    assert.deepEqual(stage.done, ['frame 8 1012']);
    stage.leave();
  });

  test('that talks nonsense is ended', () => {
    const stage = new SessionStage();
    stage.sayBytes(Buffer.alloc(12));
    assert.deepEqual(stage.done, ['frame 8 1002']);
    stage.leave();
  });
});
