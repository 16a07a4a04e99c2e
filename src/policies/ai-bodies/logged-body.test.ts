import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { MAX_LOGGED_BYTES } from './kept-body.ts';
import { loggedBody, type SeenBody } from './logged-body.ts';

async function logged(bytes: Buffer, more: Partial<SeenBody> = {}): Promise<object> {
  return (await loggedBody({ bytes, size: bytes.length, encoding: '', ...more }, ['the-known-one'])).logged;
}

describe('a body in the log', () => {
  test('is text, decoded, without what is secret', async () => {
    assert.deepEqual(await logged(Buffer.from('wörld')), { bytes: 6, body: 'wörld' });
    const zipped = gzipSync('wörld');
    assert.deepEqual(await logged(zipped, { encoding: 'gzip' }), { bytes: zipped.length, body: 'wörld' });
    const secret = Buffer.from('{"a":"the-known-one","b":"sk-ant-api03-abcdef","c":"Bearer abc.def"}');
    assert.deepEqual(await logged(secret), { bytes: secret.length, body: '{"a":"***","b":"***","c":"Bearer ***"}' });
  });

  test('is in base64 where it is no text, or nobody can decode it', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 1]);
    assert.deepEqual(await logged(bytes), { bytes: 3, base64: '//4B' });
    const unknown = await logged(Buffer.from('abc'), { encoding: 'snappy' });
    assert.deepEqual(unknown, { bytes: 3, encoding: 'snappy', base64: 'YWJj' });
  });

  test('is a beginning where there is more of it, cut between characters', async () => {
    assert.deepEqual(await logged(Buffer.from('wö').subarray(0, 2), { size: null }), { truncated: true, body: 'w' });
    assert.deepEqual(await logged(Buffer.from('ab'), { size: 9 }), { bytes: 9, truncated: true, body: 'ab' });
    const text = 'a'.repeat(2 * MAX_LOGGED_BYTES);
    const zipped = gzipSync(text);
    const long = await logged(zipped, { encoding: 'gzip' });
    assert.deepEqual(long, { bytes: zipped.length, truncated: true, body: text.slice(0, MAX_LOGGED_BYTES) });
  });
});
