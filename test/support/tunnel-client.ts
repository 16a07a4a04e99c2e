// A client of the tunnel server that says what a test has it say, in the dialect of 3.x over a real WebSocket. Rule: it does nothing by
// itself; what it has heard is there in order.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type ClientOptions, WebSocket } from 'ws';
import { readMsgpack, type MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import { type MsgpackValue, writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';

export interface Heard {
  readonly [key: string]: MsgpackRead;
}

const NEVER_MS = 20_000;

export class TunnelClient {
  readonly socket: WebSocket;
  readonly heard: Heard[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  private wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes: Buffer) => {
      this.heard.push(Object.fromEntries(readMsgpack(bytes) as ReadonlyMap<string, MsgpackRead>));
      this.wake();
    });
    socket.on('close', (code: number, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('error', () => {});
  }

  /** `door` is the address of the tunnel server. */
  static async connect(t: TestContext, door: string, options: ClientOptions = {}): Promise<TunnelClient> {
    const socket = new WebSocket(`${door.replace(/^http/, 'ws')}/api/v1/ws/tunnel`, options);
    t.after(() => socket.terminate());
    const client = new TunnelClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** With a token and a name for each tunnel, as clients connect. */
  static async open(t: TestContext, door: string, { token, names, version = 2 }: TunnelWish): Promise<TunnelClient> {
    const client = await TunnelClient.connect(t, door);
    client.say('Auth', { token, version });
    assert.equal((await client.next())['Type'], 'HeartbeatAck');
    for (const subdomain of names) {
      client.say('TunnelCreate', { protocol: 'http', subdomain });
      assert.equal((await client.next())['Type'], 'TunnelCreated');
    }
    return client;
  }

  /** As clients write it: the type comes last. */
  say(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): void {
    this.sayBytes(writeMsgpack({ ...fields, Type: type }));
  }

  sayBytes(bytes: Buffer): void {
    this.socket.send(bytes);
  }

  /** The next message that was not asked for yet. */
  async next(): Promise<Heard> {
    await this.until(() => this.heard.length > 0, 'a message');
    return this.heard.shift()!;
  }

  /** The next one of that type; what came before is passed over. */
  async nextOf(type: string): Promise<Heard> {
    for (;;) {
      const heard = await this.next();
      if (heard['Type'] === type) return heard;
    }
  }

  /** How the server has ended it. */
  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.closed !== null, 'the end');
    return this.closed!;
  }

  /** The answer of the app to a stream, and its end unless more follows. */
  answer(stream: MsgpackRead | undefined, { status = 200, headers = [], body, ends = true }: AppAnswer = {}): void {
    const id = stream as number;
    this.say('StreamData', { stream_id: id, data: writeMsgpack({ status, headers }), fin: true });
    if (body !== undefined) this.say('StreamData', { stream_id: id, data: Buffer.from(body) });
    if (ends) this.say('StreamClose', { stream_id: id });
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const givenUpAt = performance.now() + NEVER_MS;
    while (!condition()) {
      assert.ok(
        this.closed === null && performance.now() < givenUpAt,
        `there never was ${what}: ${JSON.stringify(this.closed)}`,
      );
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

export interface TunnelWish {
  readonly token: string;
  readonly names: readonly string[];
  readonly version?: number;
}

export interface AppAnswer {
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  readonly ends?: boolean;
}
