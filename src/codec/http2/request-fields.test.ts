import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeaderField } from './header-field.ts';
import { RequestFields } from './request-fields.ts';

const GET = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/'];

interface Limits {
  readonly isTrailers?: boolean;
  readonly maxBytes?: number;
  readonly maxFields?: number;
}

function fieldsOf(
  list: readonly string[],
  { isTrailers = false, maxBytes = 10_000, maxFields = 100 }: Limits = {},
): RequestFields {
  const fields = new RequestFields();
  fields.begin(isTrailers, maxBytes, maxFields);
  for (let at = 0; at < list.length; at += 2) fields.onField(new HeaderField(list[at]!, list[at + 1]!));
  return fields;
}

const isRequest = (list: readonly string[], hasBody = false): boolean => fieldsOf(list).isRequest(hasBody);

// What is malformed, case by case, is told by src/transport/http2-abuse.test.ts and test/e2e/http2-malformed.test.ts.

describe('the fields of a request', () => {
  test('are a list as they came', () => {
    const list = [...GET, 'x-one', '1', 'te', 'trailers', 'cookie', 'a', 'x-one', '2'];
    const fields = fieldsOf(list);
    assert.deepEqual([fields.list, fields.isRequest(false), fields.contentLength], [list, true, -1]);
  });

  test('may say the length of a body, once and as a number', () => {
    const post = [':method', 'POST', ...GET.slice(2)];
    assert.equal(fieldsOf([...post, 'content-length', '12']).contentLength, 12);
    assert.equal(isRequest([...post, 'content-length', '12'], true), true);
    assert.equal(isRequest([...post, 'content-length', '12']), false, 'there is no body');
    assert.equal(isRequest([...post, 'content-length', '0']), true);
    for (const length of ['-1', '1 ', '0x1', '', '9'.repeat(16)])
      assert.equal(isRequest([...post, 'content-length', length], true), false);
  });

  test('of OPTIONS may ask for everything, and those of CONNECT name a server alone', () => {
    assert.equal(isRequest([':method', 'OPTIONS', ...GET.slice(2, 6), ':path', '*']), true);
    assert.equal(isRequest([':method', 'CONNECT', ':authority', 'a.test:1']), true);
    assert.equal(isRequest([':method', 'CONNECT', ...GET.slice(2)]), false);
  });

  test('of another scheme are for others to judge', () => {
    assert.equal(isRequest([':method', 'GET', ':scheme', 'ftp', ':authority', 'a', ':path', 'x']), true);
  });

  test('may name the server in Host instead', () => {
    assert.equal(isRequest([...GET.slice(0, 4), ':path', '/', 'host', 'a.test']), true);
  });
});

describe('trailers', () => {
  test('have no pseudo-fields and nothing of a connection', () => {
    assert.equal(fieldsOf(['x-sum', '1'], { isTrailers: true }).isMalformed, false);
    assert.equal(fieldsOf([':path', '/'], { isTrailers: true }).isMalformed, true);
    assert.equal(fieldsOf(['upgrade', 'x'], { isTrailers: true }).isMalformed, true);
  });
});

describe('a list that is too long', () => {
  test('is kept no further than its limits', () => {
    const many = Array.from({ length: 50 }, (_, index) => [`x-${index}`, '1']).flat();
    for (const limits of [{ maxFields: 10 }, { maxBytes: 400 }]) {
      const fields = fieldsOf([...GET, ...many], limits);
      assert.equal(fields.isTooLarge, true);
      assert.ok(fields.list.length <= 20);
    }
    assert.equal(fieldsOf(GET, { maxFields: 4 }).isTooLarge, false);
  });
});
