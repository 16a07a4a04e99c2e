import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compress } from './policies-compress.ts';

describe('settings of compression', () => {
  test('are all there without a word', () => {
    const { types, ...others } = compress.parse({});
    assert.deepEqual(others, {
      encodings: ['zstd', 'br', 'gzip'],
      min_size: 1024,
      levels: { gzip: 5, br: 4, zstd: 3 },
    });
    for (const type of ['text/*', 'application/json', 'image/svg+xml']) assert.ok(types.includes(type), type);
    for (const type of ['image/*', 'font/*', 'font/woff2', 'application/octet-stream'])
      assert.ok(!types.includes(type), type);
  });

  test('take types of every form, and levels each for itself', () => {
    const types = ['*/*', 'text/*', 'text/html', 'application/*+json', 'application/vnd.api+json', 'image/svg+xml'];
    assert.deepEqual(compress.parse({ types }).types, types);
    assert.deepEqual(compress.parse({ levels: { br: 11 } }).levels, { gzip: 5, br: 11, zstd: 3 });
    assert.deepEqual(compress.parse({ types: [] }).types, []);
  });

  test('say what was expected', () => {
    for (const [wrong, message] of [
      [{ types: ['text'] }, /expected a media type such as/],
      [{ types: ['*/json'] }, /expected a media type such as/],
      [{ types: ['text/h*ml'] }, /expected a media type such as/],
      [{ types: ['text/html; charset=utf-8'] }, /expected a media type such as/],
      [{ types: [7] }, /expected a media type such as/],
      [{ levels: { gzip: 10 } }, /expected a level of gzip, from 1 to 9/],
      [{ levels: { gzip: 0 } }, /expected a level of gzip, from 1 to 9/],
      [{ levels: { br: 12 } }, /expected a level of br, from 0 to 11/],
      [{ levels: { zstd: 22 } }, /expected a level of zstd, from 1 to 19/],
      [{ levels: { zstd: 'fast' } }, /expected a level of zstd, from 1 to 19/],
      [{ levels: { deflate: 1 } }, /deflate/],
      [{ encodings: ['deflate'] }, /zstd/],
      [{ encodings: [] }, /./],
      [{ min_size: 'small' }, /expected a size/],
    ] as const) {
      const { error } = compress.safeParse(wrong);
      assert.match(error?.message ?? '', message, JSON.stringify(wrong));
    }
  });
});
