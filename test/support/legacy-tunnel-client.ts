// A client of the tunnel server that says what a test has it say, in the dialect of 2.x. Rule: it does nothing by itself but to keep what
// it has heard, in order.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { readMsgpack, type MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import { type MsgpackValue, writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import type { Heard } from './tunnel-client.ts';

const LENGTH_BYTES = 8;
const NEVER_MS = 20_000;

/** As clients write it: in the order of the fields, with its length before it. */
function legacyBytes(fields: Readonly<Record<string, MsgpackValue>>): Buffer {
  const map = writeMsgpack(fields);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64BE(BigInt(map.length));
  return Buffer.concat([length, map]);
}

export function legacyFields(bytes: Buffer): Heard {
  assert.equal(bytes.readBigUInt64BE(0), BigInt(bytes.length - LENGTH_BYTES));
  return asObject(readMsgpack(bytes.subarray(LENGTH_BYTES)));
}

/** A text of a message. */
export function textOf(value: MsgpackRead | undefined): string {
  return typeof value === 'string' ? value : assert.fail(`${JSON.stringify(value)} is no text`);
}

export function asObject(map: MsgpackRead | undefined): Heard {
  assert.ok(map instanceof Map);
  return Object.fromEntries(map as ReadonlyMap<string, MsgpackRead>);
}

export class LegacySocket {
  readonly socket: WebSocket;
  readonly heard: Heard[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  private wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes: Buffer) => {
      this.heard.push(legacyFields(bytes));
      this.wake();
    });
    socket.on('close', (code: number, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('error', () => {});
  }

  /** `url` is that of the door, with two slashes where the path begins, as these clients ask. */
  static async connect(
    t: TestContext,
    url: string,
    token: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<LegacySocket> {
    const headers = token === '' ? more : { ...more, Authorization: `Bearer ${token}` };
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    t.after(() => socket.terminate());
    const made = new LegacySocket(socket);
    await once(socket, 'open');
    return made;
  }

  say(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): void {
    this.socket.send(legacyBytes({ Type: type, ...fields }));
  }

  async next(): Promise<Heard> {
    await this.until(() => this.heard.length > 0, 'a message');
    return this.heard.shift()!;
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.closed !== null, 'the end');
    return this.closed!;
  }

  /** What the next request is, and what was said of it before. */
  async request(): Promise<{ readonly start: Heard; readonly request: Heard; readonly headers: Heard }> {
    const start = await this.next();
    assert.equal(start['Type'], 'StartProxy');
    const { Type: type, data } = await this.next();
    assert.equal(type, 'Proxy');
    const request = asObject(readMsgpack(data as Buffer));
    return { start, request, headers: asObject(request['headers']) };
  }

  answer(status: number, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ''): void {
    this.say('Proxy', { data: writeMsgpack({ status, headers, body: Buffer.from(body) }) });
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

export class LegacyTunnelClient {
  readonly control: LegacySocket;
  readonly clientId: string;
  readonly #t: TestContext;
  readonly #door: string;
  readonly #token: string;

  private constructor(t: TestContext, door: string, about: { token: string; clientId: string; control: LegacySocket }) {
    this.#t = t;
    this.#door = door;
    this.#token = about.token;
    this.clientId = about.clientId;
    this.control = about.control;
  }

  /** With the control connection, the account and nothing else. */
  static async open(t: TestContext, door: string, token: string): Promise<LegacyTunnelClient> {
    const control = await LegacySocket.connect(t, `${door}//api/v1/ws/tunnel`, token);
    control.say('Auth', { ClientId: 'client-abc', OS: 'linux', Version: '2.3.40', MmVersion: '2.3', User: token });
    const { Type: type, ClientId: clientId } = await control.next();
    assert.equal(type, 'AuthResp');
    return new LegacyTunnelClient(t, door, { token, clientId: clientId as string, control });
  }

  async tunnel(subdomain: string, wish: Readonly<Record<string, MsgpackValue>> = {}): Promise<Heard> {
    const rest = { Hostname: '', Subdomain: subdomain, HttpAuth: '', RemotePort: 0, ...wish };
    this.control.say('ReqTunnel', { ReqId: `req-${subdomain}`, Protocol: 'http', ...rest });
    return this.control.next();
  }

  /** After it was asked for one. */
  async proxy(): Promise<LegacySocket> {
    assert.equal((await this.control.next())['Type'], 'ReqProxy');
    return this.unasked();
  }

  async unasked(clientId: string = this.clientId, token: string = this.#token): Promise<LegacySocket> {
    const socket = await LegacySocket.connect(this.#t, `${this.#door}//api/v1/ws/proxy`, token);
    socket.say('RegProxy', { ClientId: clientId });
    return socket;
  }
}
