// Header lists between our HPACK and that of node:http2 (nghttp2), both ways. Rule: whatever fields a message has, the other side reads what
// was written, message after message on one connection, whatever its table holds by then.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { http2Session, openHttp2Door } from '../support/http2-door.ts';

type Fields = readonly (readonly [name: string, value: string])[];

const name = fc.constantFrom(
  'accept',
  'user-agent',
  'x-one',
  'x-two',
  'x-three',
  'cache-control',
  'cookie',
  'x-long-name-of-a-field',
);
const text = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 80,
});
const value = fc.oneof(
  fc.constantFrom('a', 'no-cache', 'gzip, deflate', '*/*'),
  text,
  text.map((part) => part.repeat(9)),
);
const fields = fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([each]) => each });
const lists = fc.array(fields, { minLength: 1, maxLength: 12 });

const flat = (list: Fields): string[] => list.flatMap(([each, said]) => [each, said]);

test('requests and answers are read as they were written', async (t) => {
  let answer: string[] = [];
  const door = await openHttp2Door(t, (stream) => void stream.respond([':status', '200', ...answer], 'none'), {
    maxHeadBytes: 64_000,
  });
  await fc.assert(
    fc.asyncProperty(lists, fc.constantFrom(0, 100, 4096, 65_536), async (messages, headerTableSize) => {
      const session = http2Session(t, door.port);
      session.settings({ headerTableSize });
      for (const message of messages) {
        answer = flat(message);
        const request = session.request(Object.fromEntries(message));
        const [, , raw] = (await once(request, 'response')) as [unknown, unknown, string[]];
        assert.deepEqual(raw, [':status', '200', ...flat(message)]);
        assert.deepEqual(door.streams.at(-1)!.fields.slice(8), flat(message));
        request.resume();
      }
      session.destroy();
    }),
    { numRuns: 60 },
  );
});
