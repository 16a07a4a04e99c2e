import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { compressCopier } from './compress-copier.ts';

const COUNTED: number[] = [];
const COPIER = compressCopier({
  encodings: ['br', 'gzip'],
  types: ['text/*'],
  minBytes: 10,
  levels: { gzip: 6, br: 5, zstd: 3 },
  count: (_encoding, taken) => void COUNTED.push(taken),
});
const TEXT = ['Content-Type', 'text/plain'] as const;
const asked = (value: string): FieldList => new FieldList([['Accept-Encoding', value]]);

describe('copies of what is kept', () => {
  test('are of what is listed, long enough and not encoded already', () => {
    assert.equal(COPIER.isWorth(200, [TEXT], -1), true);
    assert.equal(COPIER.isWorth(200, [TEXT], 9), false);
    assert.equal(COPIER.isWorth(206, [TEXT], 100), false);
    assert.equal(COPIER.isWorth(200, [['Content-Type', 'image/png']], 100), false);
    assert.equal(COPIER.isWorth(200, [TEXT, ['Content-Encoding', 'gzip']], 100), false);
    assert.equal(COPIER.isWorth(200, [TEXT, ['Cache-Control', 'max-age=1, no-transform']], 100), false);
    assert.equal(COPIER.isWorth(200, [['Content-Type', 'text/event-stream']], -1), false);
  });

  test('are for clients that like that encoding best', () => {
    assert.equal(COPIER.choose(asked('gzip, br')), 'br');
    assert.equal(COPIER.choose(asked('gzip, br;q=0.5')), 'gzip');
    assert.equal(COPIER.choose(asked('deflate')), null);
    const fixed = new FieldList([...asked('gzip').entries(), ['Cache-Control', 'no-transform']]);
    assert.equal(COPIER.choose(fixed), null);
  });

  test('say what they are, and that there are others', () => {
    const lines = [TEXT, ['ETag', '"a"'], ['Accept-Ranges', 'bytes']] as const;
    assert.deepEqual(COPIER.linesFor(lines, 'gzip'), [
      TEXT,
      ['Vary', 'Accept-Encoding'],
      ['ETag', 'W/"a"'],
      ['Content-Encoding', 'gzip'],
    ]);
    assert.deepEqual(COPIER.linesFor(lines, null), [...lines, ['Vary', 'Accept-Encoding']]);
  });

  test('have the same content, and are counted', () => {
    const parts: Buffer[] = [];
    const body = COPIER.open([TEXT], 'gzip', 5, {
      write: (bytes, from, to) => void parts.push(Buffer.from(bytes.subarray(from, to))),
      end: () => {},
      pause: () => {},
      resume: () => {},
      fail: () => {},
    });
    body.write(Buffer.from('hello'), 0, 5);
    body.end();
    assert.equal(gunzipSync(Buffer.concat(parts)).toString(), 'hello');
    assert.equal(
      COUNTED.reduce((sum, taken) => sum + taken, 0),
      5,
    );
  });
});
