// With a client of another make, over the network: test/e2e/exec-socket.test.ts. Here what that client would never do.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { frame } from '../../../test/support/websocket-frames.ts';
import { acceptWebSocket, asksForWebSocket, type ServerSocket } from './server-socket.ts';

const mask = Buffer.from([1, 2, 3, 4]);
const say = (text: string | Uint8Array, more: object = {}): Buffer => frame(text, { mask, ...more });
const FIELDS = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

class Stage {
  readonly heard: string[] = [];
  readonly play: Playbook;
  socket: ServerSocket | null = null;

  constructor(t: TestContext, fields: readonly string[] = FIELDS, method = 'GET') {
    const hear = (text: string): void => void this.heard.push(text);
    this.play = new Playbook(t, {
      target: {
        kind: 'answer',
        take: (exchange) => {
          if (!asksForWebSocket(exchange)) {
            exchange.answer({ status: 204 });
            return;
          }
          const events = {
            text: (text: string) => hear(`text ${text}`),
            bytes: (bytes: Buffer) => hear(`bytes ${bytes.toString()}`),
            resume: () => hear('resume'),
            closed: () => hear('closed'),
          };
          this.socket = acceptWebSocket(exchange, { events, maxTextBytes: 100, heartbeatMs: 1000 });
        },
      },
    }).downstreamSends(head(`${method} / HTTP/1.1`, 'Host: a.test', 'Connection: upgrade', ...fields));
  }

  static async open(t: TestContext): Promise<Stage> {
    const stage = new Stage(t);
    await stage.play.promises();
    stage.play.takeDownstream();
    return stage;
  }

  /** The frames that came, as latin1. */
  expect(...frames: readonly Buffer[]): void {
    assert.equal(this.play.takeDownstream(), Buffer.concat(frames).toString('latin1'));
  }
}

const CLOSE = (code: number): Buffer => frame(Buffer.from([code >> 8, code & 0xff]), { opcode: 8 });

describe('the handshake of a WebSocket', () => {
  test('proves that it was understood', async (t) => {
    const stage = new Stage(t);
    await stage.play.promises();
    stage.play.expectDownstream(/^HTTP\/1\.1 101 [^]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    stage.socket!.close(1000);
    stage.expect(CLOSE(1000));
    stage.play.clientCloses().end();
  });

  test('is refused when it is none, or of another version', (t) => {
    const other = new Stage(t, ['Upgrade: websocket', 'Sec-WebSocket-Version: 8', FIELDS[2]!]);
    other.play.expectDownstream(/^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/).end();
    for (const key of ['', 'short', 'dGhlIHNhbXBsZSBub25jZQ===']) {
      new Stage(t, [...FIELDS.slice(0, 2), `Sec-WebSocket-Key: ${key}`]).play.expectError(400, 'request_invalid').end();
    }
    new Stage(t, FIELDS, 'POST').play.expectError(400, 'request_invalid').end();
    new Stage(t, ['Upgrade: own']).play.expectDownstream(/ 204 /).end();
  });
});

describe('a WebSocket', () => {
  test('takes messages whole or in parts, and answers pings', async (t) => {
    const stage = await Stage.open(t);
    stage.play.downstreamSends(
      say('on', { isLast: false }),
      say('ping', { opcode: 9 }),
      say('e', { opcode: 0 }),
      say('raw', { opcode: 2 }),
    );
    assert.deepEqual(stage.heard, ['text one', 'bytes raw']);
    stage.expect(frame('ping', { opcode: 10 }));
    assert.equal(stage.socket!.sendText(Buffer.from('xhix'), 1, 3), true);
    stage.expect(frame('hi'));
    stage.play.clientCloses();
    assert.equal(stage.heard.at(-1), 'closed');
    assert.equal(stage.socket!.sendText(Buffer.from('x'), 0, 1), false);
    stage.play.end();
  });

  test('is closed as it should, from either side', async (t) => {
    const asked = await Stage.open(t);
    asked.play.downstreamSends(say(Buffer.from([3, 232, 98]), { opcode: 8 }));
    asked.expect(CLOSE(1000));
    asked.play.expectClientConnection('ended').clientCloses().end();
    const own = await Stage.open(t);
    own.socket!.close(1011, 'why');
    own.socket!.close(1000);
    own.play.downstreamSends(say('late'), say(Buffer.from([3, 243]), { opcode: 8 }));
    assert.deepEqual(own.heard, []);
    assert.match(own.play.takeDownstream(), /why$/);
    own.play.expectClientConnection('ended').clientCloses().end();
  });

  test('is closed on what nobody may say, and cut when that is not answered', async (t) => {
    for (const [bytes, code] of [
      [frame('no mask'), 1002],
      [say('x', { rsv: 4 }), 1002],
      [say(Buffer.from([0xff])), 1007],
      [say('x'.repeat(101)), 1009],
    ] as const) {
      const stage = await Stage.open(t);
      stage.play.downstreamSends(bytes);
      stage.expect(CLOSE(code));
      stage.play.passes(5000).expectClientConnection('destroyed').end();
    }
  });

  test('is kept alive, and taken for gone when nothing comes back', async (t) => {
    const stage = await Stage.open(t);
    stage.play.passes(1500);
    stage.expect(frame('', { opcode: 9 }));
    stage.play.downstreamSends(say('', { opcode: 10 }));
    stage.socket!.pause();
    for (let i = 0; i < 6; i += 1) stage.play.passes(1500);
    stage.play.expectClientConnection('open');
    stage.socket!.unpause();
    for (let i = 0; i < 6; i += 1) stage.play.passes(1500);
    assert.equal(stage.heard.at(-1), 'closed');
    stage.play.takeDownstream();
    stage.play.end();
  });
});
