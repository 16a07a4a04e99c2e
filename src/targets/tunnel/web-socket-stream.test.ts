import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { ToldSession } from '../../../test/support/told-session.ts';
import { WebSocketStream } from './web-socket-stream.ts';

const HANDSHAKE: [string, string][] = [
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];

function open(fields = HANDSHAKE, session = new ToldSession()) {
  const told = new ToldExchange({ fields, upgradeProtocol: 'websocket' });
  new WebSocketStream(told.exchange, session.session).open('app');
  return { told, session };
}

// What a visitor who was accepted says and hears is in test/e2e/tunnels.test.ts.
describe('a WebSocket through a tunnel', () => {
  test('is opened only by a proper handshake, and where there is room', () => {
    assert.equal(open([]).told.code, 'request_invalid');
    const full = new ToldSession();
    full.isFull = true;
    assert.equal(open(HANDSHAKE, full).told.code, 'tunnel_busy');
  });

  test('is refused as the app refuses it, without what would describe a body that is not there', () => {
    const { told, session } = open();
    session.app.head({
      status: 403,
      headers: [
        ['X-Why', 'no'],
        ['Content-Type', 'text/html'],
      ],
      subprotocol: null,
    });
    assert.deepEqual([told.answered?.status, told.answered?.fields], [403, [['X-Why', 'no']]]);
    assert.equal(session.said.at(-1), 'close null ');
  });

  test('is refused where the app says nothing of use', () => {
    const answers = [
      (session: ToldSession) => session.app.head({ status: 200, headers: [], subprotocol: null }),
      (session: ToldSession) => session.app.ended(null, ''),
      (session: ToldSession) => session.app.failed('reset', ''),
      (session: ToldSession) => session.app.failed('gone', ''),
    ];
    const codes = answers.map((answer) => {
      const { told, session } = open();
      answer(session);
      return told.code;
    });
    assert.deepEqual(codes, ['tunnel_failed', 'tunnel_failed', 'tunnel_failed', 'tunnel_offline']);
  });

  test('ends with a visitor who does not wait', () => {
    const { told, session } = open();
    told.producer?.cancel(null as never);
    assert.equal(session.said.at(-1), 'close null ');
  });
});
