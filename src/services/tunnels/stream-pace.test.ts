import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StreamPace } from './stream-pace.ts';

const MIB = 1024 * 1024;

class FakeStream {
  mode = 'http';
  keptBytes = 0;
}

class Stage {
  readonly done: string[] = [];
  readonly streams: FakeStream[];
  readonly pace: StreamPace<FakeStream>;

  constructor(count: number) {
    this.pace = new StreamPace(
      { pause: () => this.done.push('pause'), resume: () => this.done.push('resume') },
      (slowest) => {
        this.done.push(`give up ${this.streams.indexOf(slowest)}`);
        this.change(this.streams.indexOf(slowest), -slowest.keptBytes);
        this.pace.left(slowest);
      },
    );
    this.streams = Array.from({ length: count }, () => new FakeStream());
    for (const stream of this.streams) this.pace.opened(stream);
  }

  change(index: number, bytes: number): void {
    const stream = this.streams[index]!;
    stream.keptBytes += bytes;
    this.pace.changed(stream, bytes);
  }
}

describe('the pace of a connection', () => {
  test('is that of a stream which runs alone, for as long as it takes', () => {
    const stage = new Stage(1);
    stage.change(0, MIB);
    assert.deepEqual(stage.done, []);
    stage.change(0, 1);
    stage.change(0, -MIB / 4);
    assert.deepEqual(stage.done, ['pause']);
    stage.change(0, -MIB / 2);
    assert.deepEqual(stage.done, ['pause', 'resume']);
    stage.pace.close();
  });

  test('goes up again when somebody else comes, whose answer is then held back for a moment at most', async () => {
    const stage = new Stage(1);
    stage.change(0, 2 * MIB);
    stage.streams.push(new FakeStream());
    stage.pace.opened(stage.streams[1]!);
    assert.deepEqual(stage.done, ['pause', 'resume']);
    stage.change(1, MIB);
    stage.change(0, 2 * MIB);
    assert.equal(stage.done.at(-1), 'pause');
    while (!stage.done.includes('give up 0')) await pause(10);
    assert.deepEqual(stage.done.slice(3), ['give up 0', 'resume']);
    stage.pace.close();
  });

  test('does not wait for WebSockets, and goes on when the one that held it back has left', () => {
    const stage = new Stage(1);
    const socket = new FakeStream();
    socket.mode = 'ws';
    stage.pace.opened(socket);
    stage.change(0, 2 * MIB);
    assert.deepEqual(stage.done, ['pause']);
    stage.change(0, -2 * MIB);
    stage.pace.left(stage.streams[0]!);
    assert.deepEqual(stage.done, ['pause', 'resume']);
    stage.pace.close();
  });
});
