import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { answerFields, answerLength, requestFields } from './tunnel-fields.ts';

const head = (...headers: [string, string][]) => ({ status: 200, headers, subprotocol: null });

describe('fields on their way through a tunnel', () => {
  test('are those of the message, not of the connection', () => {
    const { exchange } = new ToldExchange({
      fields: [
        ['Host', 'a'],
        ['Connection', 'close, X-Own'],
        ['X-Own', '1'],
        ['Expect', '100-continue'],
        ['Transfer-Encoding', 'chunked'],
        ['Sluice-Tunnel', 'app'],
        ['Sec-WebSocket-Key', 'k'],
        ['Sec-WebSocket-Protocol', 'chat'],
      ],
    });
    const names = (isWebSocket: boolean) => requestFields(exchange.request.fields, isWebSocket).map(([name]) => name);
    assert.deepEqual(names(false), ['Host', 'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol']);
    assert.deepEqual(names(true), ['Host', 'Sec-WebSocket-Protocol']);
  });

  test('of an answer are written only if they can be', () => {
    const fields = answerFields(
      head(['Set-Cookie', 'a'], ['Set-Cookie', 'b'], ['Connection', 'x'], ['X', '1'], ['N', 'é€']),
    );
    assert.deepEqual(fields, [
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
      ['N', Buffer.from('é€').toString('latin1')],
    ]);
    for (const bad of [
      ['A', 'b\r\nC: d'],
      ['A b', 'c'],
      ['', 'c'],
      ['A', '\0'],
    ] as [string, string][]) {
      assert.equal(answerFields(head(bad)), null);
    }
  });

  test('tell the length of an answer where it can be relied on', () => {
    const lengths = [
      head(['Content-Length', '12']),
      head(),
      head(['Content-Length', '12'], ['content-length', '13']),
      head(['Content-Length', '-1']),
      head(['Content-Length', '5'], ['Transfer-Encoding', 'chunked']),
    ].map(answerLength);
    assert.deepEqual(lengths, [12, -1, -1, -1, -1]);
  });
});
