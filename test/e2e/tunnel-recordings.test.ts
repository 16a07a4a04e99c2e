// What the genuine clients have said to a tunnel server, said again. Rule: their bytes are those of the recording but for the identifier
// that the server has given this time; what the server says has to be of the same kind, in the same order.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { readMsgpack } from '../../src/codec/msgpack/read-msgpack.ts';
import { asObject, legacyFields, textOf } from '../support/legacy-tunnel-client.ts';
import type { Gateway } from '../support/gateway.ts';
import type { Heard } from '../support/tunnel-client.ts';
import { doorOf, serve, visit } from '../support/tunnel-visits.ts';

interface Line {
  readonly socket: number;
  readonly from: 'C' | 'S';
  readonly bytes: Buffer;
}

const TOKEN = 'token-of-alice-0123456789';
const USERS = [{ name: 'alice', token: TOKEN, may: ['tunnels'] }];
/** What the server says by itself, at times of its own. */
const OF_ITS_OWN: ReadonlySet<unknown> = new Set(['Ping', 'Heartbeat']);

function recording(name: string): Line[] {
  const text = readFileSync(new URL(`../vectors/tunnels/${name}.txt`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [socket, from, hex = ''] = line.split(' ');
      return { socket: Number(socket), from: from === 'C' ? 'C' : 'S', bytes: Buffer.from(hex, 'hex') };
    });
}

function fieldsOf(bytes: Buffer): Heard {
  return bytes[0] === 0 ? legacyFields(bytes) : asObject(readMsgpack(bytes));
}

/** Says the lines of the client, and waits for those of the server. */
class Replay {
  readonly #t: TestContext;
  readonly #door: string;
  readonly #sockets = new Map<number, { readonly socket: WebSocket; readonly heard: Buffer[] }>();
  #clientId: { readonly before: string; readonly given: string } | null = null;
  #wake: () => void = () => {};

  constructor(t: TestContext, door: string) {
    this.#t = t;
    this.#door = door;
  }

  async play(lines: readonly Line[]): Promise<void> {
    for (const { socket, from, bytes } of lines) {
      const { socket: open, heard } = await this.#socketOf(socket);
      if (from === 'C') open.send(this.#renamed(bytes));
      else await this.#expect(heard, bytes);
    }
  }

  async #socketOf(index: number): Promise<{ readonly socket: WebSocket; readonly heard: Buffer[] }> {
    const known = this.#sockets.get(index);
    if (known !== undefined) return known;
    const path = index === 0 ? '/api/v1/ws/tunnel' : '/api/v1/ws/proxy';
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const socket = new WebSocket(`${this.#door.replace(/^http/, 'ws')}${path}`, { headers });
    this.#t.after(() => socket.terminate());
    const made = { socket, heard: [] as Buffer[] };
    this.#sockets.set(index, made);
    socket.on('message', (bytes: Buffer) => {
      made.heard.push(bytes);
      this.#wake();
    });
    await once(socket, 'open');
    return made;
  }

  #renamed(bytes: Buffer): Buffer {
    if (this.#clientId === null) return bytes;
    return Buffer.from(bytes.toString('latin1').replaceAll(this.#clientId.before, this.#clientId.given), 'latin1');
  }

  async #expect(heard: Buffer[], recorded: Buffer): Promise<void> {
    const then = fieldsOf(recorded);
    let now: Heard = {};
    do {
      while (heard.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      now = fieldsOf(heard.shift()!);
    } while (OF_ITS_OWN.has(now['Type']));
    assert.deepEqual(Object.keys(now), Object.keys(then));
    for (const key of ['Type', 'stream_id', 'tunnel_id', 'path', 'method', 'has_body', 'version', 'subdomain', 'fin'])
      assert.deepEqual(now[key], then[key]);
    assert.deepEqual(now['TunnelId'], then['TunnelId']);
    const [before, given] = [then['ClientId'], now['ClientId']];
    if (typeof before === 'string' && typeof given === 'string') this.#clientId = { before, given };
  }
}

async function replayed(
  t: TestContext,
  name: string,
  perVisit: (line: Line) => boolean,
): Promise<[Gateway, Replay, Line[][]]> {
  const server = {
    enabled: true,
    listen: '127.0.0.1:0',
    domain: 'example.test',
    public_url: 'http://{subdomain}.example.test:18080',
  };
  const gateway = await serve(t, { users: USERS, tunnels: { server } });
  const parts: Line[][] = [[]];
  for (const line of recording(name)) {
    if (perVisit(line)) parts.push([]);
    parts.at(-1)?.push(line);
  }
  return [gateway, new Replay(t, doorOf(gateway)), parts];
}

/** The visits of the recording, each with its part of it. */
async function visitAll(gateway: Gateway, replay: Replay, parts: readonly Line[][]): Promise<unknown[]> {
  const [greeting = [], chunked = [], moved = [], cookies = [], posted = []] = parts;
  await replay.play(greeting);
  const seen: unknown[] = [];
  const auth = { Authorization: `Basic ${Buffer.from('u:p').toString('base64')}` };
  const asked = [
    ['/chunk1', { headers: auth }, chunked],
    ['/302', { headers: auth }, moved],
    ['/cookies', { headers: auth }, cookies],
    ['/post', { headers: auth, method: 'POST', body: 'hello' }, posted],
  ] as const;
  for (const [path, options, lines] of asked) {
    const visited = visit(gateway, path, options);
    await replay.play(lines);
    const { status, headers, body } = await visited;
    seen.push([status, headers.location ?? headers['set-cookie'] ?? '', body.slice(0, 29)]);
  }
  return seen;
}

const POSTED = '{"tag":"app","method":"POST",';

describe('the genuine client', () => {
  test('2.5.3 is served as it was recorded', async (t) => {
    const isAsked = ({ from, bytes }: Line): boolean =>
      from === 'S' && ['ReqProxy', 'StartProxy'].includes(textOf(fieldsOf(bytes)['Type']));
    const [gateway, replay, parts] = await replayed(t, 'retunnel-2.5.3', isAsked);
    // The first request asks for a socket before it starts.
    const [greeting = [], socket = [], ...rest] = parts;
    const [first = [], ...others] = rest;
    assert.deepEqual(await visitAll(gateway, replay, [greeting, [...socket, ...first], ...others]), [
      [200, '', 'small'],
      [302, '/there?x=1', ''],
      [200, ['b=2'], 'cookies'],
      [200, '', POSTED],
    ]);
  });

  test('3.3.2 is served as it was recorded', async (t) => {
    const [gateway, replay, parts] = await replayed(
      t,
      'retunnel-3.3.2',
      ({ from, bytes }) => from === 'S' && fieldsOf(bytes)['Type'] === 'StreamOpen',
    );
    assert.deepEqual(await visitAll(gateway, replay, parts), [
      [200, '', 'small'],
      [302, '/there?x=1', ''],
      [200, ['a=1', 'b=2'], 'cookies'],
      [200, '', POSTED],
    ]);
  });
});
