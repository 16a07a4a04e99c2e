import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { prettyFormatter, withoutControls } from './pretty-line.ts';

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** All of Latin-1 with its control characters, and what lies beyond: line separators, direction marks, halves of pairs. */
const anyChar = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('"', '\\', '\n', '\u2028', '\u202e', '\u2066', '\ud800', '€', '😀'),
);

describe('a line for people', () => {
  test('shows time, level, message and fields on one line', async () => {
    const pretty = await prettyFormatter(false);
    const line = JSON.stringify({
      level: 'warn',
      timestamp: '2026-11-20T15:51:16.123Z',
      door: 'gateway',
      message: 'hello',
    });
    assert.match(pretty(line), /^\[\d\d:\d\d:16\.123\] WARN: hello \{"door":"gateway"\}\n$/);
  });

  test('has colours only when they are asked for', async () => {
    const line = JSON.stringify({ level: 'info', timestamp: '2026-11-20T15:51:16.123Z', message: 'hello' });
    assert.ok(!(await prettyFormatter(false))(line).includes('\u001b'));
    assert.ok((await prettyFormatter(true))(line).includes('\u001b[32mINFO'));
  });

  test('keeps the lines of a stack and no others', async () => {
    const pretty = await prettyFormatter(false);
    const err = { type: 'Error', message: 'a\nb', stack: 'Error: a\n    at x\n    at y' };
    const shown = pretty(JSON.stringify({ level: 'error', timestamp: 0, err, message: 'one\n[00:00] INFO: forged' }));
    assert.ok(shown.includes(String.raw`one\n[00:00] INFO: forged`));
    assert.match(shown, /Error: a\n\s+at x\n\s+at y\n/);
  });

  test('no control character of any text reaches the terminal', async () => {
    const pretty = await prettyFormatter(false);
    const text = fc.string({ unit: anyChar, maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, (message, field, stack) => {
        const shown = pretty(
          JSON.stringify({ level: 'info', timestamp: 0, field, err: { stack, message: field }, message }),
        );
        assert.ok(!CONTROL.test(shown), JSON.stringify(shown));
      }),
    );
  });

  test('the text stays valid JSON, and says the same when nothing was dangerous', () => {
    const harmless = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((text) => !CONTROL.test(text) && !text.includes('\n'));
    fc.assert(
      fc.property(harmless, (text) =>
        assert.deepEqual(JSON.parse(withoutControls(JSON.stringify({ text }))), { text }),
      ),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: anyChar }),
        (text) => void JSON.parse(withoutControls(JSON.stringify({ stack: text, text }))),
      ),
    );
  });
});
