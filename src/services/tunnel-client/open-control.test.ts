import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScriptedServer, wayTo } from '../../../test/support/scripted-server.ts';
import { openControl } from './open-control.ts';

function opening(port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  openControl(wayTo(port), {
    opened: (connection) => {
      connection.destroy('done');
      resolve('opened');
    },
    failed: (why, status) => resolve(`${status}: ${why}`),
  });
  return promise;
}

describe('opening a control connection', () => {
  test('ends in a WebSocket', async (t) => {
    const server = await ScriptedServer.open(t);
    assert.equal(await opening(server.port), 'opened');
  });

  test('tells an answer that is no, and a server that is not there', async (t) => {
    const refusing = await ScriptedServer.open(t);
    refusing.refusal = 503;
    assert.equal(await opening(refusing.port), '503: it answered 503 Service Unavailable');
    assert.match(await opening(1), /^0: .*127\.0\.0\.1:1/);
  });

  test('can be ended without a word', async (t) => {
    const server = await ScriptedServer.open(t);
    const never = (): void => assert.fail('it was told');
    openControl(wayTo(server.port), { opened: never, failed: never })();
    assert.equal(await opening(server.port), 'opened');
  });
});
