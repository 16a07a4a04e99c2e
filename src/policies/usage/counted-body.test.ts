import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BodySink } from '../../contract/policy.ts';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { CountedBody } from './counted-body.ts';

const OWNER = { provider: 'claude', user: 'ann', account: 'team', session: 's-1' };
const BODY = Buffer.from('{"model":"m-1","usage":{"input_tokens":3,"output_tokens":4}}');

class Stage implements BodySink {
  readonly steps: string[] = [];
  readonly told = Promise.withResolvers<UsageRecord>();
  readonly body: CountedBody;

  constructor(encoding = '') {
    this.body = new CountedBody(this, { isStream: false, encoding }, OWNER, (record) => {
      this.steps.push('told');
      this.told.resolve(record);
    });
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.steps.push(`${from}-${to} of ${bytes.length}`);
  }

  end(): void {
    this.steps.push('end');
  }

  pause(): void {
    assert.fail('it is held back');
  }

  resume(): void {
    assert.fail('it was held back');
  }

  fail(): void {
    assert.fail('it is given up');
  }
}

describe('a body that is counted', () => {
  test('goes on as it is, in the same memory, and is told of once at its end', async () => {
    const { body, steps, told } = new Stage();
    body.write(BODY, 0, 10);
    body.write(BODY, 10, BODY.length);
    body.end();
    body.abort();
    assert.deepEqual(steps, ['0-10 of 60', '10-60 of 60', 'told', 'end']);
    const { atMs: _, ...record } = await told.promise;
    const tokens = { input: 3, output: 4, cacheRead: 0, cacheWrite: 0 };
    assert.deepEqual(record, { ...OWNER, model: 'm-1', isKnown: true, ...tokens });
    assert.equal(body.keepsLength, true);
  });

  test('is told of when it is given up', async () => {
    const { body, steps, told } = new Stage();
    body.write(BODY, 0, 10);
    body.abort();
    assert.deepEqual(steps, ['0-10 of 60', 'told']);
    assert.equal((await told.promise).isKnown, false);
  });

  test('ends without waiting for its copy to be decoded', async () => {
    const { body, steps, told } = new Stage('gzip');
    const encoded = gzipSync(BODY);
    body.write(encoded, 0, encoded.length);
    body.end();
    assert.deepEqual(steps, [`0-${encoded.length} of ${encoded.length}`, 'end']);
    assert.partialDeepStrictEqual(await told.promise, { model: 'm-1', input: 3, output: 4 });
  });
});
