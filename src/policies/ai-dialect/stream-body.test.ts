import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { messageEventsWith, textDelta } from '../../../test/support/ai-provider.ts';
import type { SluiceError } from '../../core/errors.ts';
import { ChatStream } from './chat-stream.ts';
import { StreamBody } from './stream-body.ts';

const EVENTS = messageEventsWith(
  'm',
  [[{ type: 'text', text: '' }, textDelta('Hello'), textDelta(', wörld 😀')]],
  'end_turn',
);

function sent(pieces: readonly Buffer[]): string[] {
  const said: string[] = [];
  const body = new StreamBody(
    {
      write: (bytes, from, to) => void said.push(Buffer.from(bytes.subarray(from, to)).toString()),
      end: () => void said.push('END'),
      fail: ({ code }: SluiceError) => void said.push(code),
      pause: () => {},
      resume: () => {},
    },
    new ChatStream({ wantsUsage: false, usesFunctions: false }, 1),
  );
  for (const piece of pieces) body.write(piece, 0, piece.length);
  body.end();
  body.abort();
  return said;
}

describe('a stream on its way', () => {
  test('says the same in whatever pieces it comes, and however its lines end', () => {
    const whole = sent(EVENTS.map((event) => Buffer.from(event))).join('');
    assert.match(whole, /"content":", wörld 😀"[^]*data: \[DONE\]\n\nEND$/);
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(cuts, fc.boolean(), (sizes, isCrlf) => {
        const bytes = Buffer.from(isCrlf ? EVENTS.join('').replaceAll('\n', '\r\n') : EVENTS.join(''));
        const pieces: Buffer[] = [];
        for (let from = 0, i = 0; from < bytes.length; i += 1) {
          const size = sizes[i % sizes.length]!;
          pieces.push(bytes.subarray(from, from + size));
          from += size;
        }
        assert.equal(sent(pieces).join(''), whole);
      }),
    );
  });

  test('is written once for all events that have come together', () => {
    assert.equal(sent([Buffer.from(EVENTS.join(''))]).length, 2);
  });

  test('that ends before it is complete, or cannot be understood, is cut', () => {
    assert.equal(sent([Buffer.from(EVENTS.slice(0, 4).join(''))]).at(-1), 'upstream_incomplete');
    for (const odd of ['event: ping\ndata: {\n\n', 'event: ping\ndata: []\n\n']) {
      assert.deepEqual(sent([Buffer.from(odd), Buffer.from(EVENTS.join(''))]), ['upstream_invalid']);
    }
    const huge = Buffer.alloc(17 * 1024 * 1024, 'x');
    assert.deepEqual(sent([Buffer.from('data: '), huge]), ['upstream_invalid']);
  });

  test('may have events without names, and some that nobody knows', () => {
    const bare = EVENTS.map((event) => event.replace(/^event: .*\n/, ''));
    const odd = 'event: of_tomorrow\ndata: nothing\n\n';
    const whole = sent(EVENTS.map((event) => Buffer.from(event))).join('');
    assert.equal(sent([odd, ...bare].map((event) => Buffer.from(event))).join(''), whole);
  });
});
