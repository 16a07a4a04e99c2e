// What is a valid traceparent and what is not, as the W3C has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTraceParent, parseTraceParent } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a valid traceparent is read, and written again as it was', () => {
  const text = `00-${TRACE}-${SPAN}-01`;
  assert.deepEqual(parseTraceParent(text), { traceId: TRACE, spanId: SPAN, flags: 1 });
  assert.equal(formatTraceParent({ traceId: TRACE, spanId: SPAN, flags: 1 }), text);
});

test('a later version may say more', () => {
  assert.equal(parseTraceParent(`cc-${TRACE}-${SPAN}-01-what-comes`)?.traceId, TRACE);
  assert.equal(parseTraceParent(`cc-${TRACE}-${SPAN}-01.what`), null);
});

test('what breaks a rule is as if it had not been sent', () => {
  for (const wrong of [
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
  ]) {
    assert.equal(parseTraceParent(wrong), null, wrong);
  }
});
