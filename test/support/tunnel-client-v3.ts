// A client of the third version that keeps its side of the credits: what it may send is counted, what it takes is given back when a test
// says so. Rule: on top of what any client says it adds nothing that the protocol page does not speak of.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import { writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import type { Gateway } from './gateway.ts';
import { type Heard, TunnelClient } from './tunnel-client.ts';
import { doorOf, TOKEN } from './tunnel-visits.ts';

const CHUNK_BYTES = 64 * 1024;
const FIRST_WINDOW_BYTES = 256 * 1024;

export class CreditClient {
  readonly client: TunnelClient;

  private constructor(client: TunnelClient) {
    this.client = client;
  }

  static async open(t: TestContext, gateway: Gateway, ...names: string[]): Promise<CreditClient> {
    const wish = { token: TOKEN, names: names.length === 0 ? ['app'] : names, version: 3 };
    return new CreditClient(await TunnelClient.open(t, doorOf(gateway), wish));
  }

  /** The next stream that is opened. */
  async stream(): Promise<CreditStream> {
    return new CreditStream(this.client, await this.client.nextOf('StreamOpen'));
  }
}

export class CreditStream {
  readonly id: number;
  readonly open: Heard;
  /** What may still be sent. */
  credit: number;
  sent = 0;
  private readonly client: TunnelClient;

  constructor(client: TunnelClient, open: Heard) {
    this.client = client;
    this.open = open;
    this.id = open['stream_id'] as number;
    this.credit = typeof open['window'] === 'number' ? open['window'] : FIRST_WINDOW_BYTES;
  }

  head(status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.client.say('StreamData', { stream_id: this.id, data: writeMsgpack({ status, headers }), fin: true });
  }

  /** As much as there is credit for. */
  sendAll(): number {
    const before = this.sent;
    while (this.credit > 0) this.send(Math.min(CHUNK_BYTES, this.credit));
    return this.sent - before;
  }

  send(bytes: number): void {
    this.credit -= bytes;
    this.sent += bytes;
    this.client.say('StreamData', { stream_id: this.id, data: Buffer.alloc(bytes, 'x') });
  }

  blocked(): void {
    this.client.say('StreamBlocked', { stream_id: this.id });
  }

  close(): void {
    this.client.say('StreamClose', { stream_id: this.id });
  }

  giveCredit(bytes: number): void {
    this.client.say('StreamCredit', { stream_id: this.id, bytes });
  }

  /** The next credit of this stream. */
  async credited(): Promise<number> {
    for (;;) {
      const { stream_id: id, bytes } = await this.client.nextOf('StreamCredit');
      if (id !== this.id) continue;
      assert.ok(typeof bytes === 'number' && bytes > 0);
      this.credit += bytes;
      return bytes;
    }
  }

  async next(type: string): Promise<Readonly<Record<string, MsgpackRead>>> {
    for (;;) {
      const heard = await this.client.nextOf(type);
      if (heard['stream_id'] === this.id) return heard;
    }
  }
}
