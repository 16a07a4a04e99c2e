import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionStage } from '../../../test/support/tunnel-session.ts';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import { legacyMessage } from '../../codec/tunnel/legacy-messages.ts';
import type { AnswerHead } from '../../codec/tunnel/messages.ts';
import type { LegacyClient } from './legacy-link.ts';
import { LegacyProxy } from './legacy-proxy.ts';
import { LegacyStream } from './legacy-stream.ts';

const REQUEST = { tunnelId: 'app', mode: 'http', path: '/', method: 'GET', headers: [], hasBody: false } as const;
const START = { url: 'http://app.test/id', clientAddress: '192.0.2.1', requestId: 'one', base: 'http://app.test' };

function staged(clientId = 'id'): { stage: SessionStage; told: string[]; socket: () => LegacyProxy } {
  const told: string[] = [];
  const stage = new SessionStage((exchange, fields, host) =>
    LegacyProxy.begin(exchange, fields, { account: 'alice', host }),
  );
  let joined: LegacyProxy | null = null;
  const client: LegacyClient = {
    clientId,
    account: 'alice',
    carried: () => {},
    joined: (socket) => void (joined = socket as LegacyProxy),
    isFree: () => told.push('free'),
    lost: () => told.push('lost'),
  };
  stage.host.legacyClients.add(client);
  stage.sayBytes(legacyMessage('RegProxy', { ClientId: 'id' }));
  return { stage, told, socket: () => joined ?? assert.fail('it has not joined') };
}

function request(told: string[], takes = true): LegacyStream {
  return new LegacyStream(
    { left: () => {} },
    { request: REQUEST, message: legacyMessage('Proxy', {}) },
    {
      head: ({ status }) => told.push(`head ${status}`),
      data: (bytes) => told.push(String(bytes)) > 0 && takes,
      ended: () => told.push('ended'),
      failed: (how) => told.push(`failed ${how}`),
      drain: () => {},
    },
  );
}

const ANSWER = legacyMessage('Proxy', { data: writeMsgpack({ status: 200, headers: {}, body: Buffer.from('hi') }) });

describe('a proxy socket', () => {
  test('carries a request and its answer, at the pace of the visitor', () => {
    const { stage, told, socket } = staged();
    socket().start(request(told, false), START);
    assert.deepEqual(
      stage.heard.map(({ Type, RequestId }) => [Type, RequestId]),
      [
        ['StartProxy', 'one'],
        ['Proxy', undefined],
      ],
    );
    stage.sayBytes(ANSWER);
    assert.deepEqual(
      [told, stage.done],
      [
        ['head 200', 'hi', 'ended', 'free'],
        ['pause', 'resume'],
      ],
    );
    stage.leave();
    assert.equal(told.at(-1), 'lost');
  });

  test('sends visitors where the app sends them', () => {
    const { stage, socket } = staged();
    const seen = ['http://app.test/a', 'http://app.test//b', 'http://app.test.evil/c', '/d'].map((location) => {
      let said = '';
      const head = ({ headers }: AnswerHead): void => void (said = headers[0]?.[1] ?? '');
      const events = { head, data: () => true, ended: () => {}, failed: () => {}, drain: () => {} };
      const message = legacyMessage('Proxy', {});
      socket().start(new LegacyStream({ left: () => {} }, { request: REQUEST, message }, events), START);
      const data = writeMsgpack({ status: 302, headers: { Location: location }, body: Buffer.alloc(0) });
      stage.sayBytes(legacyMessage('Proxy', { data }));
      return said;
    });
    assert.deepEqual(seen, ['/a', 'http://app.test//b', 'http://app.test.evil/c', '/d']);
    stage.leave();
  });

  test('is free again when the answer has come that nobody waits for', () => {
    const { stage, told, socket } = staged();
    const left = request(told);
    socket().start(left, START);
    left.close();
    stage.sayBytes(ANSWER);
    assert.deepEqual(told, ['free']);
    stage.leave();
  });

  test('that breaks off ends its request, and so does nonsense', () => {
    const { stage, told, socket } = staged();
    socket().start(request(told), START);
    stage.leave();
    assert.deepEqual(told, ['lost', 'failed reset']);
    const other = staged();
    other.socket().start(request(other.told), START);
    other.stage.sayBytes(Buffer.alloc(20, 1));
    assert.deepEqual([other.told, other.stage.done], [['failed invalid'], ['frame 8 1002']]);
    other.stage.leave();
  });

  test('of nobody, or that answers nothing, is closed', () => {
    const strange = staged('other');
    assert.deepEqual(strange.stage.done, ['frame 8 1008']);
    strange.stage.leave();
    const { stage } = staged();
    stage.sayBytes(ANSWER);
    assert.deepEqual(stage.done, ['frame 8 1002']);
    stage.leave();
  });
});
