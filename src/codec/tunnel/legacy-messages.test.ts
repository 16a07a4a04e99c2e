import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MsgpackError, readMsgpack } from '../msgpack/read-msgpack.ts';
import { legacyMessage, type LegacyRequest, legacyRequest, readLegacyMessage } from './legacy-messages.ts';

/** As recorded of the genuine client. */
const AUTH = Buffer.from(
  '000000000000008388a454797065a441757468a8436c69656e744964b3636c69656e742d36757a733363386969783564a24f53a56c696e7578a441726368' +
    'a67838365f3634a756657273696f6ea6322e332e3430a94d6d56657273696f6ea3322e33a455736572b9746f6b656e2d6f662d616c6963652d303132' +
    '33343536373839a850617373776f7264a0',
  'hex',
);

/** The map within the map. */
function requestOf(request: Partial<LegacyRequest>): Map<string, unknown> {
  const bytes = legacyRequest({ method: 'GET', target: '/', headers: [], body: null, ...request });
  const outer = readMsgpack(bytes.subarray(8)) as Map<string, unknown>;
  return readMsgpack(outer.get('data') as Buffer) as Map<string, unknown>;
}

function linesOf(request: Partial<LegacyRequest>): [string, string][] {
  return [...(requestOf(request).get('headers') as Map<string, string>)];
}

describe('what a client says', () => {
  test('is read by its type', () => {
    const token = 'token-of-alice-0123456789';
    assert.deepEqual(readLegacyMessage(AUTH), { type: 'Auth', token, version: '2.3.40', mmVersion: '2.3' });
    const wish = { ReqId: 'r', Protocol: 'http', Hostname: '', Subdomain: 'app', HttpAuth: 'u:p', RemotePort: 0 };
    assert.deepEqual(readLegacyMessage(legacyMessage('ReqTunnel', wish)), {
      type: 'ReqTunnel',
      reqId: 'r',
      protocol: 'http',
      hostname: '',
      subdomain: 'app',
      httpAuth: 'u:p',
    });
    const types = ['Ping', 'Heartbeat', 'RegProxy', 'Later'].map((type) => readLegacyMessage(legacyMessage(type)).type);
    assert.deepEqual(types, ['Ping', 'Heartbeat', 'RegProxy', 'unknown']);
  });

  test('is refused without its length', () => {
    const wrong = Buffer.from(AUTH);
    wrong[7] = 0x82;
    for (const bytes of [wrong, AUTH.subarray(0, 20), Buffer.alloc(3), Buffer.from('000000000000000101', 'hex')])
      assert.throws(() => readLegacyMessage(bytes), MsgpackError);
  });
});

describe('a request', () => {
  test('keeps its target to the byte', () => {
    const targets = ['/a?b=c', '/a?', '//a', '/?x?y', '*'].map((target) => {
      const request = requestOf({ target });
      return [request.get('path'), request.get('query')];
    });
    assert.deepEqual(targets, [
      ['/a', 'b=c'],
      ['/a?', ''],
      ['//a', ''],
      ['/', 'x?y'],
      ['*', ''],
    ]);
  });

  test('has each name once, its length, and asks to close before and behind what the client writes', () => {
    const headers: [string, string][] = [
      ['Host', 'app.test'],
      ['A', '1'],
      ['Cookie', 'a'],
      ['a', '2'],
      ['cookie', 'b'],
      ['Content-Length', '9'],
      ['X-Request-Id', 'id'],
      ['__proto__', 'x'],
      ['B', '\u00c3\u00bc'],
    ];
    assert.deepEqual(linesOf({ headers, body: Buffer.from('abc') }), [
      ['a', '1, 2\r\nConnection: close'],
      ['Connection', 'close'],
      ['Host', 'app.test'],
      ['cookie', 'a; b'],
      ['__proto__', 'x'],
      ['B', 'ü'],
      ['Content-Length', '3\r\nConnection: close'],
    ]);
    assert.deepEqual(linesOf({ headers: [['A', '\u00ff']] }), [
      ['A', '\u00ff\r\nConnection: close'],
      ['Connection', 'close'],
    ]);
    assert.deepEqual(linesOf({ headers: [['Host', 'h']] }), [['Host', 'h']]);
  });

  test('with a line break of somebody else is none', () => {
    assert.throws(() => linesOf({ headers: [['A', 'b\r\nC: d']] }), MsgpackError);
  });
});
