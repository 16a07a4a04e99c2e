import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame } from '../../../test/support/websocket-frames.ts';
import type { Exchange, SwitchedConnection } from '../../contract/exchange.ts';
import { isCloseCode, WebSocketPeer } from './web-socket-peer.ts';

const MASK = Buffer.from([1, 2, 3, 4]);

class Stage {
  readonly told: string[] = [];
  readonly written: Buffer[] = [];
  readonly done: string[] = [];
  readonly peer: WebSocketPeer;

  constructor() {
    this.peer = new WebSocketPeer({
      begin: (isText) => this.told.push(isText ? 'text' : 'binary'),
      part: (bytes, from, to) => this.told.push(bytes.toString('utf8', from, to)),
      end: () => this.told.push('end'),
      drain: () => this.told.push('drain'),
      closed: (code, reason) => this.told.push(`closed ${code} ${reason}`),
    });
    const connection: SwitchedConnection = {
      write: (bytes, from, to) => this.written.push(Buffer.from(bytes.subarray(from, to))) < 3,
      pause: () => this.done.push('pause'),
      resume: () => this.done.push('resume'),
      end: () => this.done.push('end'),
      cut: () => this.done.push('cut'),
    };
    const exchange = { switchTo: () => connection } as unknown as Exchange;
    assert.ok(this.peer.accept(exchange, []));
  }

  hear(bytes: Buffer): void {
    this.peer.take(bytes, 0, bytes.length);
  }
}

describe('the server’s end of a WebSocket', () => {
  test('passes on what comes, answers pings, and closes with the code of the other side', () => {
    const stage = new Stage();
    stage.hear(frame('a', { isLast: false, mask: MASK }));
    stage.hear(frame('?', { opcode: 9, mask: MASK }));
    stage.hear(frame('b', { opcode: 0, mask: MASK }));
    stage.hear(frame(Buffer.concat([Buffer.from([0x0f, 0xa2]), Buffer.from('so')]), { opcode: 8, mask: MASK }));
    stage.peer.closed();
    assert.deepEqual(stage.told, ['text', 'a', 'b', 'end', 'closed 4002 so']);
    const close = frame(Buffer.concat([Buffer.from([0x0f, 0xa2]), Buffer.from('so')]), { opcode: 8 });
    assert.deepEqual([stage.written, stage.done], [[frame('?', { opcode: 10 }), close], ['end']]);
  });

  test('writes messages in several frames, and says when to wait', () => {
    const { peer, written, told } = new Stage();
    const bytes = Buffer.from('xaby');
    const sent = [1, 0, 0].map((opcode, index) =>
      peer.send(opcode, index === 2, Buffer.from('h'), { bytes, from: 1, to: 3 }),
    );
    assert.deepEqual([sent, peer.congested], [[true, true, false], true]);
    assert.deepEqual(written[0], frame('hab', { isLast: false }));
    assert.deepEqual(written[2], frame('hab', { opcode: 0 }));
    peer.resume();
    assert.deepEqual([told, peer.congested], [['drain'], false]);
    peer.closed();
    assert.equal(peer.send(1, true, bytes), true);
  });

  test('tells of a connection that breaks, and closes one that is no client’s', () => {
    const broken = new Stage();
    broken.peer.closed();
    broken.peer.closed();
    assert.deepEqual(broken.told, ['closed 1006 ']);
    const stranger = new Stage();
    stranger.hear(frame('no mask'));
    assert.equal(stranger.written[0]?.readUInt16BE(2), 1002);
    stranger.peer.closed();
    const long = new Stage();
    long.peer.close(1006, 'é'.repeat(100));
    assert.deepEqual([long.written[0]?.length, long.written[0]?.readUInt16BE(2)], [2 + 2 + 122, 1000]);
    long.peer.closed();
  });

  test('closes with no code that only stands for the lack of one', () => {
    const codes = [999, 1000, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000];
    assert.deepEqual(codes.filter(isCloseCode), [1000, 1011, 3000, 4999]);
  });
});
