import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib';
import { InflatedMessages } from './inflated-messages.ts';

/** As permessage-deflate compresses them, each pointing back to those before. */
async function deflated(messages: readonly (string | Buffer)[]): Promise<Buffer[]> {
  const deflater = createDeflateRaw();
  const all: Buffer[] = [];
  let parts: Buffer[] = [];
  deflater.on('data', (part: Buffer) => parts.push(part));
  for (const message of messages) {
    deflater.write(message);
    await new Promise<void>((resolve) => deflater.flush(constants.Z_SYNC_FLUSH, resolve));
    const whole = Buffer.concat(parts);
    all.push(whole.subarray(0, -4));
    parts = [];
  }
  return all;
}

class Stage {
  readonly seen: string[] = [];
  readonly messages: InflatedMessages;
  private parts: Buffer[] = [];

  constructor() {
    this.messages = new InflatedMessages({
      part: (bytes, from, to) => void this.parts.push(Buffer.from(bytes.subarray(from, to))),
      end: () => {
        this.seen.push(Buffer.concat(this.parts).toString('latin1'));
        this.parts = [];
      },
      lost: () => void this.seen.push('lost'),
    });
  }

  take(message: Buffer, cutAt = message.length): void {
    this.messages.part(message, 0, cutAt);
    this.messages.part(message, cutAt, message.length);
    this.messages.end();
  }

  closed(): Promise<string[]> {
    return new Promise((resolve) => this.messages.close(() => resolve(this.seen)));
  }
}

describe('the messages of a WebSocket that are compressed', () => {
  test('come out one by one, also those that point back to others', async () => {
    const said = ['one two three', 'one two three four', '', 'one two three four five'];
    const stage = new Stage();
    for (const message of await deflated(said)) stage.take(message, message.length >> 1);
    assert.deepEqual(await stage.closed(), said);
  });

  test('come out one by one where each is compressed for itself, however large', async () => {
    const said = ['x'.repeat(1_000_000), randomBytes(300_000).toString('latin1'), 'one', 'one'];
    const stage = new Stage();
    for (const message of said) {
      stage.take(
        deflateRawSync(Buffer.from(message, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4),
      );
    }
    assert.deepEqual(await stage.closed(), said);
  });

  test('may say that their stream is over, after which another begins', async () => {
    const stage = new Stage();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { seen, messages } = stage;
    stage.take(deflateRawSync('one'));
    messages.close(resolve);
    await promise;
    stage.take(deflateRawSync('two'));
    await stage.closed();
    assert.deepEqual(seen, ['one', 'two']);
  });

  test('are lost when one is no such message', async () => {
    const stage = new Stage();
    stage.take(Buffer.from([0xff, 0xff, 0xff]));
    stage.take(Buffer.from('more'));
    assert.deepEqual(await stage.closed(), ['lost']);
  });

  test('are lost when they come faster than they are read, or have no end', async () => {
    const fast = new Stage();
    const part = randomBytes(1024 * 1024);
    for (let i = 0; i < 5; i += 1) fast.messages.part(part, 0, part.length);
    assert.deepEqual(await fast.closed(), ['lost']);
    const endless = new Stage();
    endless.take(deflateRawSync(Buffer.alloc(70 * 1024 * 1024), { finishFlush: constants.Z_SYNC_FLUSH }));
    assert.deepEqual(await endless.closed(), ['lost']);
  });

  test('need nothing to be closed when there were none', async () => {
    assert.deepEqual(await new Stage().closed(), []);
  });
});
