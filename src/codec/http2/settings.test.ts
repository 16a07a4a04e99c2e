import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { OutBuffer } from '../http1/writer.ts';
import { HTTP2_CODE } from './frames.ts';
import { readSettings, SETTING, writeSettings, writeSettingsAck } from './settings.ts';

test('what is written is read again', () => {
  const out = new OutBuffer(1);
  writeSettings(out, [
    [SETTING.MAX_CONCURRENT_STREAMS, 128],
    [0xabcd, 0xffffffff],
  ]);
  assert.equal(out.bytes.toString('hex', 0, 9), '00000c040000000000');
  const seen: number[][] = [];
  const code = readSettings(out.bytes.subarray(9, out.length), (...setting) => seen.push(setting) > 0);
  assert.deepEqual(seen, [
    [3, 128],
    [0xabcd, 0xffffffff],
  ]);
  assert.equal(code, HTTP2_CODE.NO_ERROR);
  out.reset();
  writeSettingsAck(out);
  assert.equal(out.bytes.toString('hex', 0, out.length), '000000040100000000');
});

test('a value beyond its bounds is the error that the RFC names, and so is one that cannot be taken', () => {
  for (const [hex, code] of [
    ['000200000002', HTTP2_CODE.PROTOCOL_ERROR],
    ['000480000000', HTTP2_CODE.FLOW_CONTROL_ERROR],
    ['000500003fff', HTTP2_CODE.PROTOCOL_ERROR],
    ['000501000000', HTTP2_CODE.PROTOCOL_ERROR],
    ['00047fffffff', HTTP2_CODE.NO_ERROR],
    ['000500ffffff', HTTP2_CODE.NO_ERROR],
    ['', HTTP2_CODE.NO_ERROR],
  ] as const) {
    assert.equal(
      readSettings(Buffer.from(hex, 'hex'), () => true),
      code,
      hex,
    );
  }
  assert.equal(
    readSettings(Buffer.from('000400000001', 'hex'), () => false),
    HTTP2_CODE.FLOW_CONTROL_ERROR,
  );
});
