import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_CHUNK_BYTES } from '../../codec/tunnel/messages.ts';
import { readServerMessage } from '../../codec/tunnel/server-messages.ts';
import { dataMessage, exposedTunnel, openMessage } from '../../../test/support/local-end.ts';
import { StreamWindow, WindowBudget } from '../tunnels/stream-window.ts';
import { LinkStream, type RequestRecord, type StreamLink } from './link-stream.ts';

class Stage {
  readonly said: string[] = [];
  readonly told: string[] = [];
  readonly records: RequestRecord[] = [];
  readonly stream: LinkStream;

  constructor(version = 2, windowBytes: number | null = null) {
    const link: StreamLink = {
      version,
      openWindow: () => new StreamWindow(new WindowBudget(0)),
      say: (bytes) => this.said.push(readServerMessage(bytes).type),
      sayData: (_head, _bytes, from, to) => this.said.push(`data ${to - from}`) > 0,
      paced: (_stream, change) => this.said.push(`kept ${change}`),
      left: (_stream, record) => this.records.push(record),
    };
    this.stream = new LinkStream(link, openMessage({ path: '/a', windowBytes }), exposedTunnel(1));
    this.stream.end = {
      take: ({ data }) => this.told.push(String(data)),
      closed: (code) => this.told.push(`closed ${code}`),
      lost: () => this.told.push('lost'),
      drained: () => this.told.push('drained'),
    };
  }
}

describe('a stream of a client', () => {
  test('counts what goes both ways, and is noted once at its end', () => {
    const { stream, said, records } = new Stage();
    stream.take(dataMessage('abc'));
    stream.answered(200);
    stream.sendHead(Buffer.from('head'));
    stream.sendData(Buffer.alloc(MAX_CHUNK_BYTES + 1), { from: 0, to: MAX_CHUNK_BYTES + 1, wsType: null, fin: null });
    stream.close(null, '');
    stream.close(null, '');
    assert.deepEqual(said, ['data 4', `data ${MAX_CHUNK_BYTES}`, 'data 1', 'StreamClose']);
    const seen = records.map(({ method, path, status, bytesIn, bytesOut }) => [
      method,
      path,
      status,
      bytesIn,
      bytesOut,
    ]);
    assert.deepEqual(seen, [['GET', '/a', 200, 3, MAX_CHUNK_BYTES + 1]]);
  });

  test('says nothing more to a server that has closed it', () => {
    const { stream, said, told, records } = new Stage();
    stream.closedByServer(4000, '');
    stream.sendData(Buffer.from('a'), { from: 0, to: 1, wsType: null, fin: null });
    stream.reset('why');
    assert.deepEqual([said, told, records.length], [[], ['closed 4000'], 1]);
  });

  test('tells its local end when the connection is gone, and when it is given up', () => {
    const one = new Stage();
    one.stream.lost();
    one.stream.drained();
    assert.deepEqual([one.told, one.said], [['lost'], []]);
    const other = new Stage();
    other.stream.kept(5);
    other.stream.giveUp('too slow');
    assert.deepEqual([other.told, other.said], [['lost'], ['kept 5', 'StreamReset']]);
  });
});

describe('a stream of the third version', () => {
  const bytes = Buffer.alloc(100);
  const part = { from: 0, to: 100, wsType: null, fin: null };

  test('sends no more than there is credit for, its end and its trailers behind it', () => {
    const { stream, said, told } = new Stage(3, 60);
    stream.sendHead(Buffer.from('head'));
    assert.equal(stream.sendData(bytes, part), false);
    stream.endHalf([['A', 'b']]);
    stream.close(null, '');
    stream.take(dataMessage('too late'));
    assert.deepEqual([said, told], [['data 4', 'data 60', 'unknown'], []]);
    stream.credited(100);
    assert.deepEqual(said.slice(3), ['data 40', 'unknown', 'StreamClose']);
  });

  test('says what was taken, and is given up when more comes than may', () => {
    const { stream, said, told } = new Stage(3);
    stream.take(dataMessage('x'.repeat(200_000)));
    stream.held(100_000);
    stream.taken(100_000);
    stream.freed();
    assert.deepEqual(said, ['unknown', 'unknown']);
    stream.blocked();
    stream.take(dataMessage('x'.repeat(300_000)));
    assert.deepEqual([told.at(-1), said.at(-1)], ['lost', 'StreamReset']);
  });
});
