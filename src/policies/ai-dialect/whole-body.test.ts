import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../../contract/exchange.ts';
import type { BodySink } from '../../contract/policy.ts';
import type { SluiceError } from '../../core/errors.ts';
import { isEncoded, WholeBody } from './whole-body.ts';

const fieldsWith = (encoding?: string): Fields => ({ get: () => encoding }) as unknown as Fields;

class Sink implements BodySink {
  said = '';
  ends = 0;
  failed: string[] = [];

  write(bytes: Uint8Array, from: number, to: number): void {
    this.said += Buffer.from(bytes.subarray(from, to)).toString();
  }

  end(): void {
    this.ends += 1;
  }

  pause(): void {}
  resume(): void {}

  fail({ code }: SluiceError): void {
    this.failed.push(code);
  }
}

function send(sink: Sink, parts: readonly (string | Buffer)[], encoding?: string): void {
  const body = new WholeBody(sink, fieldsWith(encoding), (text) => ({ was: JSON.parse(text) as unknown }));
  for (const part of parts) body.write(Buffer.from(part), 0, part.length);
  if (sink.failed.length === 0) body.end();
  body.abort();
}

test('a body goes out when all of it has come', () => {
  const sink = new Sink();
  send(sink, ['{"a"', ':1}']);
  assert.deepEqual([sink.said, sink.ends, sink.failed], ['{"was":{"a":1}}', 1, []]);
});

test('what cannot be read, or has no end, is an error', () => {
  const large = Buffer.alloc(17 * 1024 * 1024);
  for (const [parts, encoding] of [[['{']], [['{}'], 'gzip'], [[large, large]]] as const) {
    const sink = new Sink();
    send(sink, parts, encoding);
    assert.deepEqual([sink.said, sink.ends, sink.failed], ['', 0, ['upstream_invalid']]);
  }
});

test('a body without an encoding, or with none, is not encoded', () => {
  const encodings = [undefined, '', 'identity', ' Identity ', 'gzip'];
  assert.deepEqual(
    encodings.map((each) => isEncoded(fieldsWith(each))),
    [false, false, false, false, true],
  );
});
