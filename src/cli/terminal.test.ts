import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasColor, painter, printable } from './terminal.ts';

const TERMINAL = { isTTY: true };
const PIPE = {};

describe('colour', () => {
  for (const [stream, env, expected] of [
    [TERMINAL, {}, true],
    [PIPE, {}, false],
    [TERMINAL, { NO_COLOR: '1' }, false],
    [TERMINAL, { NO_COLOR: '' }, true],
    [TERMINAL, { CLICOLOR: '0' }, false],
    [TERMINAL, { TERM: 'dumb' }, false],
    [PIPE, { FORCE_COLOR: '1' }, true],
    [PIPE, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [TERMINAL, { FORCE_COLOR: '0' }, false],
    [TERMINAL, { FORCE_COLOR: '' }, true],
    [PIPE, { CLICOLOR_FORCE: '1' }, true],
  ] as const) {
    test(`is ${expected ? 'on' : 'off'} on a ${stream === PIPE ? 'pipe' : 'terminal'} with ${JSON.stringify(env)}`, () => {
      assert.equal(hasColor(stream, env), expected);
    });
  }

  test('is applied only where it is on', () => {
    assert.equal(painter(PIPE, {})('bold', 'x'), 'x');
    assert.equal(painter(TERMINAL, {})('bold', 'x'), '\u001b[1mx\u001b[22m');
  });
});

test('control characters are spelled out, line breaks and tabs stay', () => {
  assert.equal(printable('a\u001b[31mb\u0007\tc\nd\u202ee'), 'a\\u001b[31mb\\u0007\tc\nd\\u202ee');
});
