import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './socket-message.ts';

test('messages bring input, its end, another size, or the end', () => {
  assert.deepEqual(readMessage('{"type":"stdin","data":"€"}'), { kind: 'stdin', bytes: Buffer.from('€') });
  assert.deepEqual(readMessage('{"type":"stdin","data":"/w==","encoding":"base64"}'), {
    kind: 'stdin',
    bytes: Buffer.from([0xff]),
  });
  assert.deepEqual(readMessage('{"type":"eof"}'), { kind: 'eof' });
  assert.deepEqual(readMessage('{"type":"resize","cols":1,"rows":2}'), { kind: 'resize', size: { cols: 1, rows: 2 } });
  assert.deepEqual(readMessage('{"type":"stop"}'), { kind: 'stop' });
});

test('what is none of these is refused', () => {
  for (const text of [
    '',
    '[]',
    'null',
    '{"type":"x"}',
    '{"type":"stdin"}',
    '{"type":"resize"}',
    '{"type":"stdin","data":"","encoding":"hex"}',
  ]) {
    assert.throws(() => readMessage(text), { code: 'invalid_input' }, text);
  }
});
