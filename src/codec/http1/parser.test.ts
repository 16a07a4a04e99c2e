import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { EventLog } from '../../../test/support/http1-event-log.ts';
import type { Cut, Replay } from '../../../test/support/http1-replay.ts';
import { replay, WHOLE } from '../../../test/support/http1-replay.ts';
import { METHOD } from './head.ts';
import { DEFAULT_LIMITS } from './message-parser.ts';
import { RequestParser, ResponseParser } from './parser.ts';
import { OutBuffer } from './writer.ts';

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz".split('');
const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 20 });
/** Names that steer nothing. */
const plainName = token.map((name) => `X-${name}`);
const valueOctet = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9));
const value = fc
  .array(valueOctet, { maxLength: 40 })
  .map((octets) => String.fromCharCode(...octets).replaceAll(/^[ \t]+|[ \t]+$/g, ''));
const field = fc.tuple(plainName, value);
const path = fc.string({ unit: fc.constantFrom(...'/abc?&=%20.~'.split('')), maxLength: 30 }).map((text) => `/${text}`);
const body = fc.uint8Array({ maxLength: 100 });
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });

interface Message {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly length: Uint8Array | null;
  readonly chunks: readonly Uint8Array[] | null;
  readonly trailers: readonly (readonly [string, string])[];
}

const message: fc.Arbitrary<Message> = fc
  .record({
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), token),
    path,
    fields: fc.array(field, { maxLength: 30 }),
    framing: fc.constantFrom('none', 'length', 'chunked'),
    body,
    chunks,
    trailers: fc.array(field, { maxLength: 3 }),
  })
  .filter(({ method }) => method !== 'CONNECT')
  .map(({ framing, body, chunks, ...rest }) => ({
    ...rest,
    length: framing === 'length' ? body : null,
    chunks: framing === 'chunked' ? chunks : null,
  }));

function write(out: OutBuffer, { method, path, fields, length, chunks, trailers }: Message): void {
  out.latin1(`${method} ${path} HTTP/1.1\r\nHost: a\r\n`);
  for (const [name, value] of fields) out.latin1(`${name}: ${value}\r\n`);
  if (length !== null) out.latin1(`Content-Length: ${length.length}\r\n`);
  if (chunks !== null) out.latin1('Transfer-Encoding: chunked\r\n');
  out.crlf();
  if (length !== null) out.copy(Buffer.from(length), 0, length.length);
  if (chunks === null) return;
  for (const chunk of chunks) {
    out.chunkHead(chunk.length);
    out.copy(Buffer.from(chunk), 0, chunk.length);
    out.crlf();
  }
  out.latin1('0\r\n');
  for (const [name, value] of trailers) out.latin1(`${name}: ${value}\r\n`);
  out.crlf();
}

function bytesOf(messages: readonly Message[]): Buffer {
  const out = new OutBuffer();
  for (const each of messages) write(out, each);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** Cuts in ascending order, from any numbers. */
function cutsFrom(numbers: readonly number[], length: number): Cut {
  return { at: [...new Set(numbers.map((number) => number % Math.max(1, length)))].sort((a, b) => a - b) };
}

const request = (bytes: Buffer): Replay => ({ kind: 'request', bytes, isEnded: true });
const positions = fc.array(fc.nat(5000), { maxLength: 10 });

/** A parser, its log, and a way to feed it text that returns what was not taken. */
function responses(): { log: EventLog; parser: ResponseParser; feed: (text: string) => string } {
  const log = new EventLog();
  const parser = new ResponseParser(DEFAULT_LIMITS, log);
  log.parser = parser;
  const feed = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1');
    return bytes.toString('latin1', parser.feed(bytes, 0, bytes.length));
  };
  return { log, parser, feed };
}

describe('a request parser', () => {
  test('skips up to four empty lines before a request, which may come in parts', () => {
    const lines = (text: string, cut: Cut): string[] => replay(request(Buffer.from(text)), cut);
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (const at of [[], [1], [1, 2, 3, 4, 5, 6, 7, 8]]) {
      assert.equal(lines(`${'\r\n'.repeat(4)}${get}`, { at }).at(-1), 'end');
      assert.match(lines(`${'\r\n'.repeat(5)}${get}`, { at })[0] ?? '', /Too many empty lines/);
      assert.match(lines(`\r${get}`, { at })[0] ?? '', /not a token/);
    }
  });

  test('reads back what was written', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const lines = replay(request(bytesOf([sent])), WHOLE);
        assert.equal(lines[0]?.split(' HTTP/')[0], `head ${sent.method} ${sent.path}`);
        const names = lines.filter((line) => /^[+-] /.test(line)).map((line) => line.slice(2).split(':')[0]);
        const framing = sent.length === null ? [] : ['Content-Length'];
        const coding = sent.chunks === null ? [] : ['Transfer-Encoding'];
        assert.deepEqual(names, ['Host', ...sent.fields.map(([name]) => name), ...framing, ...coding]);
        assert.equal(lines.at(-1), 'end');
      }),
      { numRuns: 200 },
    );
  });

  test('gives back values and bodies octet for octet', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const values: string[] = [];
        const received: Buffer[] = [];
        const parser: RequestParser = new RequestParser(DEFAULT_LIMITS, {
          onHead: (head) => {
            for (let index = 1; index <= sent.fields.length; index++) values.push(head.value(index));
          },
          onBody: (bytes, from, to) => received.push(Buffer.from(bytes.subarray(from, to))),
          onEnd: () => {
            const { trailers } = parser;
            const count = trailers?.count ?? 0;
            const kept = Array.from({ length: count }, (_, index) => [trailers?.name(index), trailers?.value(index)]);
            const isKept = ([name]: readonly [string, string]): boolean => !/^x-forwarded-/i.test(name);
            assert.deepEqual(kept, sent.chunks === null ? [] : sent.trailers.filter(isKept));
          },
          onError: (_code, detail) => assert.fail(detail),
        });
        const bytes = bytesOf([sent]);
        assert.equal(parser.feed(bytes, 0, bytes.length), bytes.length);
        assert.deepEqual(
          values,
          sent.fields.map(([, value]) => value),
        );
        assert.deepEqual(Buffer.concat(received), Buffer.concat(sent.chunks ?? [sent.length ?? Buffer.alloc(0)]));
      }),
      { numRuns: 200 },
    );
  });

  test('reports the same however a pipeline is cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        positions,
        fc.boolean(),
        (messages, cuts, pauses) => {
          const bytes = bytesOf(messages);
          const whole = replay(request(bytes), WHOLE);
          assert.deepEqual(replay(request(bytes), { ...cutsFrom(cuts, bytes.length), pauses }), whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('reports the same however bytes are cut that somebody has tampered with', () => {
    const nasty = fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\0',
      ' ',
      '\t',
      ':',
      ',',
      '0',
      'chunked',
      '\x7f',
      '\x80',
      ';',
      '-',
    );
    const tampering = fc.array(fc.tuple(fc.nat(5000), fc.nat(3), nasty), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(message, tampering, positions, (sent, changes, cuts) => {
        let text = bytesOf([sent]).toString('latin1');
        for (const [position, removed, added] of changes) {
          const at = position % text.length;
          text = text.slice(0, at) + added + text.slice(at + removed);
        }
        const bytes = Buffer.from(text, 'latin1');
        const whole = replay(request(bytes), WHOLE);
        assert.deepEqual(replay(request(bytes), cutsFrom(cuts, bytes.length)), whole);
        assert.deepEqual(replay(request(bytes), { at: [], slack: Buffer.from('\r\n\r\n: \0xxxx') }), whole);
        const everywhere = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
        assert.deepEqual(replay(request(bytes), { at: everywhere }), whole);
      }),
      { numRuns: 400 },
    );
  });

  test('allocates nothing for a head that lies whole in the bytes', () => {
    const text = `GET /path?query HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive\r\n${'X-Field: some value\r\n'.repeat(20)}\r\n`;
    const bytes = Buffer.from(`${text}..........`, 'latin1');
    const ignore = (): void => {};
    const parser = new RequestParser(DEFAULT_LIMITS, {
      onHead: ignore,
      onBody: ignore,
      onEnd: ignore,
      onError: ignore,
    });
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        parser.feed(bytes, 0, text.length);
        parser.reset();
      }
    };
    run(20_000);
    const allocated = (): number => getHeapStatistics().total_allocated_bytes;
    const begin = allocated();
    const measuring = allocated() - begin;
    // Until V8 has compiled it, which it does on another thread as soon as that gets its turn.
    let perHead = Infinity;
    for (let round = 0; round < 200 && perHead >= 1; round++) {
      const before = allocated();
      run(10_000);
      perHead = (allocated() - before - measuring) / 10_000;
    }
    assert.ok(perHead < 1, `${perHead} bytes per head`);
  });
});

describe('a response parser', () => {
  test('blames the server, and tells an answer that is cut from one that is wrong', () => {
    const wrong = responses();
    wrong.feed('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n');
    assert.match(wrong.log.lines[0] ?? '', /^error upstream_invalid: /);
    const cut = responses();
    cut.feed('HTTP/1.1 200 OK\r\n');
    cut.parser.finish();
    assert.match(cut.log.lines[0] ?? '', /^error upstream_incomplete: /);
  });

  test('takes only so many interim responses', () => {
    const { log, feed } = responses();
    feed('HTTP/1.1 100 Continue\r\n\r\n'.repeat(DEFAULT_LIMITS.maxInterimResponses + 1));
    assert.equal(log.lines.length, DEFAULT_LIMITS.maxInterimResponses + 1);
    assert.match(log.lines.at(-1) ?? '', /^error upstream_invalid: There are more interim/);
  });

  test('leaves the bytes behind 101 alone and reports no end', () => {
    const { log, parser, feed } = responses();
    assert.equal(feed('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw'), 'raw');
    assert.deepEqual([parser.upgraded, log.ended], [true, false]);
    assert.equal(feed('raw'), 'raw');
    parser.finish();
    assert.equal(log.failed, false);
    parser.reset();
    assert.equal(parser.upgraded, false);
  });

  test('needs to know which method is answered', () => {
    const { log, parser, feed } = responses();
    parser.expect(METHOD.HEAD);
    assert.equal(feed('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'), '');
    assert.equal(log.ended, true);
    parser.reset();
    parser.expect(METHOD.GET);
    feed('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    assert.equal(parser.idle, false);
  });
});
