import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { EarlyBytes, Exchange } from '../../contract/exchange.ts';
import { type Asked, readAsked } from './asked-body.ts';

/** A request whose body comes in pieces of that size. */
function read(body: Buffer | string, { encoding = '', size = 7, isWhole = true } = {}): Promise<Asked> {
  const bytes = Buffer.from(body);
  const readBody = (most: number, isEnough: (soFar: Uint8Array) => boolean): Promise<EarlyBytes> => {
    for (let to = size; to < bytes.length; to += size) assert.equal(isEnough(bytes.subarray(0, to)), false);
    assert.ok(most > 32 * 1024 * 1024);
    return Promise.resolve({ bytes, isWhole });
  };
  const fields = { getAll: () => (encoding === '' ? [] : [encoding]) };
  return readAsked({ readBody, request: { fields } } as unknown as Exchange);
}

describe('what a body asks for', () => {
  test('is the model and whether the answer may come later, wherever they stand', async () => {
    assert.deepEqual(await read('{"input":"model","model":"m-1"}'), {
      model: 'm-1',
      isBackground: false,
      isSilent: false,
    });
    assert.deepEqual(await read('{"background":true,"model":"m"}'), {
      model: 'm',
      isBackground: true,
      isSilent: false,
    });
    assert.deepEqual(await read('{"model":"m","background":null}'), {
      model: 'm',
      isBackground: false,
      isSilent: false,
    });
    const body = gzipSync(JSON.stringify({ input: 'x'.repeat(3_000_000), model: 'm' }));
    assert.deepEqual(await read(body, { encoding: 'GZIP', size: 1000 }), {
      model: 'm',
      isBackground: false,
      isSilent: false,
    });
  });

  test('is nothing where readers may differ', async () => {
    for (const body of ['', '{}', '{"model":""}', '{"model":1}', '[{"model":"m"}]', '{"model":"a","model":"a"}']) {
      assert.equal((await read(body)).model, null, body);
    }
    assert.deepEqual(await read('{"model":"m"}\0'), { model: null, isBackground: true, isSilent: true });
    assert.deepEqual(await read(Buffer.from('{"model":"m"}', 'utf16le')), {
      model: null,
      isBackground: true,
      isSilent: true,
    });
    assert.equal((await read('{"background":false,"background":true}')).isBackground, true);
    assert.equal((await read('{"model":"m"}', { encoding: 'gzip' })).model, null);
  });

  test('may be a stream that does not say what it has used', async () => {
    const isSilent = async (body: string): Promise<boolean> => (await read(body)).isSilent;
    assert.equal(await isSilent('{"model":"m","stream":false}'), false);
    assert.equal(await isSilent('{"model":"m","stream":true}'), true);
    assert.equal(await isSilent('{"stream":true,"stream_options":{"include_usage":true}}'), false);
    assert.equal(await isSilent('{"stream":true,"stream_options":{"include_usage":1}}'), true);
    assert.equal(await isSilent('{"stream":true,"stream_options":{"include_usage":true},"stream_options":null}'), true);
  });

  test('is refused where it is larger than may be', async () => {
    await assert.rejects(read('{}', { isWhole: false }), { code: 'request_body_too_large' });
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024));
    await assert.rejects(read(bomb, { encoding: 'gzip', size: 100_000 }), { code: 'request_body_too_large' });
  });
});
