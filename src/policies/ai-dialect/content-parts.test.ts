import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cacheMark, contentBlocks, onlyText } from './content-parts.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the content of a message', () => {
  test('is a text, or parts, and what is empty is left out', () => {
    assert.deepEqual(contentBlocks('hi', 'c'), [{ type: 'text', text: 'hi' }]);
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: ' \n' },
      { type: 'refusal', refusal: 'no' },
    ];
    assert.deepEqual(contentBlocks(parts, 'c'), [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'no' },
    ]);
    for (const nothing of [null, undefined, '', '  ', []]) assert.deepEqual(contentBlocks(nothing, 'c'), []);
  });

  test('has images by URL, or with their bytes', () => {
    const image = (url: unknown): object[] => contentBlocks([{ type: 'image_url', image_url: url }], 'c');
    const byUrl = [{ type: 'image', source: { type: 'url', url: 'https://a.test/b.png' } }];
    assert.deepEqual(image({ url: 'https://a.test/b.png', detail: 'low' }), byUrl);
    assert.deepEqual(image('https://a.test/b.png'), byUrl);
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    assert.deepEqual(image({ url: 'data:image/PNG;base64,AAAA' }), [{ type: 'image', source }]);
    assert.deepEqual(image({ url: 'data:image/png;name=a.png;base64,AAAA' }), [{ type: 'image', source }]);
  });

  test('has documents', () => {
    const file = (mediaType: string, rest: object = {}): object[] => {
      const data = `data:${mediaType};base64,${base64('wörd')}`;
      return contentBlocks([{ type: 'file', file: { file_data: data, ...rest } }], 'c');
    };
    const pdf = { type: 'base64', media_type: 'application/pdf', data: base64('wörd') };
    assert.deepEqual(file('application/pdf', { filename: 'a.pdf' }), [
      { type: 'document', source: pdf, title: 'a.pdf' },
    ]);
    const text = { type: 'text', media_type: 'text/plain', data: 'wörd' };
    assert.deepEqual(file('text/csv'), [{ type: 'document', source: text }]);
  });

  test('keeps the marks of what is to be cached', () => {
    const cache_control = { type: 'ephemeral' };
    assert.deepEqual(contentBlocks([{ type: 'text', text: 'a', cache_control }], 'c'), [
      { type: 'text', text: 'a', cache_control },
    ]);
    assert.deepEqual([cacheMark({ cache_control: 'x' }), cacheMark({ cache_control })], [{}, { cache_control }]);
  });

  test('is refused where Claude cannot take it', () => {
    for (const [part, message] of [
      [{ type: 'input_audio' }, /^c\[0\]: audio/],
      [{ type: 'video' }, /^c\[0\]: parts of the type "video"/],
      [{ type: 'image_url', image_url: { url: 'http://a.test/b.png' } }, /^c\[0\]\.image_url: expected an https: URL/],
      [{ type: 'image_url', image_url: { url: 'data:image/svg+xml,<svg/>' } }, /expected an https: URL/],
      [{ type: 'image_url' }, /image_url: expected an object/],
      [{ type: 'file', file: { file_id: 'file-1' } }, /files that OpenAI keeps/],
      [{ type: 'file', file: { file_data: 'data:application/zip;base64,AA' } }, /expected a PDF or a text/],
      [{ type: 'text' }, /^c\[0\]\.text: is missing/],
      ['text', /^c\[0\]: expected an object/],
    ] as const) {
      assert.throws(() => contentBlocks([part], 'c'), { message });
    }
    assert.throws(() => contentBlocks(7, 'c'), { message: 'c: expected a string or a list of parts' });
  });
});

test('where only text is possible, nothing else is taken', () => {
  assert.deepEqual(onlyText({ content: 'a' }, 'm'), [{ type: 'text', text: 'a' }]);
  const image = { type: 'image_url', image_url: 'https://a.test/' };
  assert.throws(() => onlyText({ content: [image] }, 'm'), { message: 'm.content: only text is possible here' });
});
