import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EditableFields } from '../../engine/fields.ts';
import { infectedError, notScannedError, tooLarge, unscannable } from './unscannable.ts';

function reasonOf(...fields: [name: string, value: string][]): string | undefined {
  const made = new EditableFields();
  for (const [name, value] of fields) made.append(name, value);
  return unscannable(made, 1000)?.reason;
}

describe('a body can be scanned', () => {
  test('by its size, where that is known', () => {
    assert.equal(reasonOf(), undefined);
    assert.equal(reasonOf(['Content-Length', '1000']), undefined);
    assert.equal(reasonOf(['Content-Length', '1001']), 'too_large');
  });

  test('without an encoding, or with one that is a kind of archive', () => {
    for (const [value, reason] of [
      ['', undefined],
      ['identity', undefined],
      ['gzip', undefined],
      [' GZip ', undefined],
      ['x-gzip', undefined],
      ['br', 'encoded'],
      ['zstd', 'encoded'],
      ['deflate', 'encoded'],
      ['gzip, gzip', 'encoded'],
      ['identity, br', 'encoded'],
      ['nonsense', 'encoded'],
    ] as const) {
      assert.equal(reasonOf(['Content-Encoding', value]), reason, value);
    }
    assert.equal(reasonOf(['Content-Encoding', 'gzip'], ['Content-Encoding', 'br']), 'encoded');
  });

  test('as a whole', () => {
    assert.equal(reasonOf(['Content-Range', 'bytes 0-1/2']), 'partial');
  });

  test('when it has an end', () => {
    for (const [value, reason] of [
      ['text/html; charset=utf-8', undefined],
      ['application/grpcish', undefined],
      ['text/event-stream', 'stream'],
      ['Text/Event-Stream ;charset=utf-8', 'stream'],
      ['multipart/x-mixed-replace; boundary=text', 'stream'],
      ['application/grpc', 'stream'],
      ['application/grpc+proto', 'stream'],
      ['application/grpc-web', 'stream'],
    ] as const) {
      assert.equal(reasonOf(['Content-Type', value]), reason, value);
    }
  });
});

test('what was not scanned is the client’s fault where it can do something about it', () => {
  for (const [direction, reason, code] of [
    ['request', 'too_large', 'request_body_too_large'],
    ['request', 'size_limit', 'request_body_too_large'],
    ['response', 'too_large', 'content_not_scannable'],
    ['response', 'size_limit', 'content_not_scannable'],
    ['request', 'encoded', 'content_not_scannable'],
    ['response', 'partial', 'content_not_scannable'],
    ['response', 'stream', 'content_not_scannable'],
    ['response', 'unreachable', 'scan_failed'],
    ['request', 'timeout', 'scan_failed'],
    ['request', 'busy', 'scan_failed'],
    ['request', 'invalid', 'scan_failed'],
  ] as const) {
    assert.equal(notScannedError(direction, { reason, detail: 'x' }).code, code, `${direction} ${reason}`);
  }
  const { message } = notScannedError('request', tooLarge(5));
  assert.match(message, /^the body of the request was not scanned: it is larger than the 5 bytes/);
  const infected = infectedError('response', 'Name');
  assert.deepEqual([infected.code, infected.message], ['content_infected', 'the answer is infected: Name']);
});
