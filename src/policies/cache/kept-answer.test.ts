import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Caching, FRESH } from '../../../test/support/caching.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

for (const [size, length] of [
  ['small', 1000],
  ['middling', 100_000],
  ['large', 300_000],
] as const) {
  const body = Array.from({ length: length / 10 }, (_, index) => String(index).padStart(10, '.')).join('');
  describe(`a ${size} kept answer`, () => {
    const open = (t: Parameters<typeof Caching.open>[0]): Promise<Caching> =>
      Caching.open(t, (_request, response) => {
        response.writeHead(200, {
          'Cache-Control': FRESH,
          ETag: '"1"',
          'Content-Type': 'text/plain',
          'Content-Length': length,
        });
        response.end(body);
      });

    test('is given whole, byte by byte', async (t) => {
      const caching = await open(t);
      await caching.ask('/x');
      const { headers, body: got } = await caching.ask('/x');
      assert.deepEqual(
        [digest(got), headers['content-length'], headers['cache-status']?.slice(0, 11)],
        [digest(body), String(length), 'sluice; hit'],
      );
      // What is asked for again and again is sent from where it lies.
      for (let again = 0; again < 4; again += 1) {
        assert.equal(digest((await caching.ask('/x')).body), digest(body), `asked for the ${again}th time`);
      }
      const head = await caching.ask('/x', { method: 'HEAD' });
      assert.deepEqual([head.headers['content-length'], head.body], [String(length), '']);
      assert.equal(caching.asked.length, 1);
    });

    test('is given in parts', async (t) => {
      const caching = await open(t);
      await caching.ask('/x');
      const part = async (range: string): Promise<unknown[]> => {
        const { status, headers, body: got } = await caching.ask('/x', { headers: { Range: range } });
        return [status, headers['content-range'], headers['content-length'], got];
      };
      const at = length - 25;
      assert.deepEqual(await part(`bytes=${at}-${at + 9}`), [
        206,
        `bytes ${at}-${at + 9}/${length}`,
        '10',
        body.slice(at, at + 10),
      ]);
      assert.deepEqual(await part('bytes=-5'), [
        206,
        `bytes ${length - 5}-${length - 1}/${length}`,
        '5',
        body.slice(-5),
      ]);
      assert.deepEqual((await part(`bytes=${length}-`)).slice(0, 2), [416, `bytes */${length}`]);
      assert.deepEqual((await part('bytes=0-1,3-4')).slice(0, 1), [200]);
      const other = await caching.ask('/x', { headers: { Range: 'bytes=0-1', 'If-Range': '"0"' } });
      assert.equal(other.status, 200);
      assert.equal(caching.asked.length, 1);
    });

    test('is not given to who has it', async (t) => {
      const caching = await open(t);
      await caching.ask('/x');
      const { status, headers, body: got } = await caching.ask('/x', { headers: { 'If-None-Match': 'W/"1"' } });
      assert.deepEqual(
        [status, headers.etag, headers['content-type'], headers['transfer-encoding'], got],
        [304, '"1"', undefined, undefined, ''],
      );
      assert.equal(caching.asked.length, 1);
    });
  });
}
