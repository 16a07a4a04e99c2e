import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeIds } from './exchange-id.ts';

describe('ExchangeIds', () => {
  test('counts, and spells the count behind a prefix of its own', () => {
    const ids = new ExchangeIds();
    assert.deepEqual([ids.next(), ids.next()], [1, 2]);
    assert.match(ids.text(1), /^[0-9a-f]{8}00000001$/);
    assert.match(ids.text(0xfedcba98), /^[0-9a-f]{8}fedcba98$/);
    assert.notEqual(ids.text(1).slice(0, 8), new ExchangeIds().text(1).slice(0, 8));
  });

  test('writes the field lines with the same spelling', () => {
    const ids = new ExchangeIds();
    for (const counter of [1, 16, 0xabcdef01, 0xffffffff]) {
      assert.equal(ids.requestIdField(counter).toString(), `X-Request-Id: ${ids.text(counter)}\r\n`);
      assert.equal(
        ids.traceField(counter).toString(),
        `traceparent: 00-${ids.traceId(counter)}-${ids.text(counter)}-00\r\n`,
      );
    }
  });

  test('writes a traceparent that others accept', () => {
    const ids = new ExchangeIds();
    assert.match(ids.traceField(7).toString(), /^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\n$/);
    assert.notEqual(
      ids.traceField(7).toString('latin1', 0, 50),
      new ExchangeIds().traceField(7).toString('latin1', 0, 50),
    );
  });

  test('begins anew after four thousand million', () => {
    const ids = new ExchangeIds();
    (ids as unknown as { counter: number }).counter = 0xffffffff;
    assert.equal(ids.next(), 0);
    assert.match(ids.text(0), /00000000$/);
  });
});
