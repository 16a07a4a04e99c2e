import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MsgpackError, readMsgpack } from '../msgpack/read-msgpack.ts';
import { writeMsgpack } from '../msgpack/write-msgpack.ts';
import {
  message,
  readAnswerHead,
  readMessage,
  streamClose,
  streamDataHead,
  streamOpen,
  streamReset,
} from './messages.ts';

describe('messages of clients', () => {
  test('are read whatever else they hold, with what is missing left out', () => {
    const read = (fields: Parameters<typeof message>[1], type = 'Auth') => readMessage(message(type, fields));
    assert.deepEqual(read({ token: 't', version: 2, more: 1 }), { type: 'Auth', token: 't', version: 2 });
    assert.deepEqual(read({ token: 5 }), { type: 'Auth', token: '', version: 1 });
    assert.deepEqual(read({ protocol: 'http', path: '' }, 'TunnelCreate'), {
      type: 'TunnelCreate',
      protocol: 'http',
      subdomain: null,
      path: '',
      hostname: null,
      group: false,
      remotePort: null,
      proxyProtocol: null,
      allow: null,
    });
    assert.deepEqual(read({ stream_id: 7, code: 1000 }, 'StreamClose'), {
      type: 'StreamClose',
      streamId: 7,
      code: 1000,
      reason: '',
    });
    assert.deepEqual(read({ stream_id: 7, reason: 'no' }, 'StreamReset'), {
      type: 'StreamReset',
      streamId: 7,
      reason: 'no',
    });
    const later = {
      type: 'unknown',
      name: 'Later',
      streamId: 7,
      fields: new Map<string, unknown>([
        ['Type', 'Later'],
        ['stream_id', 7],
      ]),
    };
    assert.deepEqual(read({ stream_id: 7 }, 'Later'), later);
  });

  test('are refused when they are no map', () => {
    assert.throws(() => readMessage(writeMsgpack([1])), MsgpackError);
    assert.throws(() => readAnswerHead(writeMsgpack('x')), MsgpackError);
  });
});

describe('a part of a stream', () => {
  for (const length of [0, 1, 70_000]) {
    test(`of ${length} bytes is read as it was written`, () => {
      const data = Buffer.alloc(length, 7);
      const head = streamDataHead({ streamId: 300, wsType: 'text', fin: true }, length);
      assert.deepEqual(readMessage(Buffer.concat([head, data])), {
        type: 'StreamData',
        streamId: 300,
        data,
        wsType: 'text',
        fin: true,
      });
    });
  }

  test('says nothing of what there is nothing to say of', () => {
    const map = readMsgpack(streamDataHead({ streamId: 1, wsType: null, fin: null }, 0)) as Map<string, unknown>;
    assert.deepEqual([...map.keys()], ['Type', 'stream_id', 'data']);
  });
});

describe('the head of an answer', () => {
  test('keeps fields of one name apart, also in the form of the first version', () => {
    const headers = [['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['broken'], 5];
    const head = readAnswerHead(writeMsgpack({ status: 200, headers }));
    assert.deepEqual(head, {
      status: 200,
      headers: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
      subprotocol: null,
    });
    assert.deepEqual(readAnswerHead(writeMsgpack({ status: 200, headers: { A: 'b' } })).headers, [['A', 'b']]);
  });
});

describe('the opening of a stream', () => {
  const open = {
    streamId: 1,
    tunnelId: 'app',
    mode: 'http',
    path: '/?a',
    method: 'POST',
    headers: [
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
    ],
    hasBody: true,
  } as const;

  test('has the method in a header and the body with it in the first version', () => {
    const map = readMsgpack(streamOpen(open, 1, Buffer.from('x'))) as Map<string, unknown>;
    assert.deepEqual(
      map.get('headers'),
      new Map([
        ['Method', 'POST'],
        ['Cookie', 'a=1; b=2'],
      ]),
    );
    assert.deepEqual([map.get('body'), map.has('has_body')], [Buffer.from('x'), false]);
  });

  test('has a list of headers in the second', () => {
    const map = readMsgpack(streamOpen(open, 2, null)) as Map<string, unknown>;
    assert.deepEqual([map.get('method'), map.get('has_body'), map.has('body')], ['POST', true, false]);
    assert.deepEqual(map.get('headers'), open.headers);
  });
});

describe('the end of a stream', () => {
  test('is told with what there is to say of it, and with no more than clients keep', () => {
    const closed = readMsgpack(streamClose(7, null, '')) as Map<string, unknown>;
    assert.deepEqual(
      [...closed],
      [
        ['Type', 'StreamClose'],
        ['stream_id', 7],
      ],
    );
    const why = readMsgpack(streamClose(7, 4002, 'x'.repeat(300))) as Map<string, string>;
    assert.deepEqual([why.get('code'), why.get('reason')?.length], [4002, 200]);
    const reset = readMsgpack(streamReset(7, 'x'.repeat(300))) as Map<string, string>;
    assert.deepEqual([reset.get('Type'), reset.get('reason')?.length], ['StreamReset', 200]);
  });
});
