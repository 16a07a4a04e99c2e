import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LineReader } from './line-reader.ts';

function read(pieces: readonly (string | Buffer)[], maxBytes = 100): string[] {
  const lines: string[] = [];
  const reader = new LineReader(maxBytes, (line) => lines.push(line.toString('latin1')));
  for (const piece of pieces) reader.write(Buffer.from(piece as string));
  reader.end();
  return lines;
}

describe('the lines that an agent prints', () => {
  test('are the same however the pieces are cut', () => {
    const text = '{"a":1}\n{"b":"é"}\r\n\n\r\nlast';
    const whole = ['{"a":1}', Buffer.from('{"b":"é"}').toString('latin1'), 'last'];
    assert.deepEqual(read([text]), whole);
    assert.deepEqual(read([...Buffer.from(text)].map((octet) => Buffer.from([octet]))), whole);
  });

  test('keep every byte', () => {
    assert.deepEqual(read([Buffer.from([0xff, 0x00, 0x80, 10])]), ['\xff\x00\x80']);
  });

  test('that are too long come in parts', () => {
    assert.deepEqual(read(['abcdefg', 'hij\nk\n'], 4), ['abcd', 'efgh', 'ij', 'k']);
    assert.deepEqual(read(['abcd\n'], 4), ['abcd']);
  });
});
