import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventFeed, type FeedEvent, type Follower } from './event-feed.ts';

function event(position: number, isLast = false, text = `${position} `): FeedEvent {
  return { position, bytes: Buffer.from(text), isLast };
}

/** A file of events, a feed over it, and whoever follows. */
class Stage {
  readonly file: FeedEvent[] = [];
  readonly loads: number[] = [];
  readonly feed = new EventFeed((after) => {
    this.loads.push(after);
    return this.file.filter(({ position }) => position > after).slice(0, 2);
  });

  push(...events: FeedEvent[]): void {
    this.file.push(...events);
    this.feed.push(events);
  }

  follow(after: number) {
    const seen = { text: '', pieces: [] as Buffer[], isSlow: false, end: '' };
    const follower: Follower = this.feed.follow(after, {
      write: (bytes) => {
        seen.text += bytes.toString();
        seen.pieces.push(bytes);
        return !seen.isSlow;
      },
      end: () => (seen.end = 'ended'),
      fail: (error) => (seen.end = String(error)),
    });
    return Object.assign(seen, { follower });
  }
}

describe('a feed of events', () => {
  test('gives whoever follows what has been and what comes, once each', () => {
    const stage = new Stage();
    stage.file.push(event(1), event(2), event(3));
    const all = stage.follow(0);
    const some = stage.follow(2);
    stage.push(event(4), event(5));
    stage.push(event(6, true));
    assert.deepEqual([all.text, all.end], ['1 2 3 4 5 6 ', 'ended']);
    assert.deepEqual([some.text, some.end], ['3 4 5 6 ', 'ended']);
    assert.equal(stage.feed.followers, 0);
  });

  test('gives all who are there the same bytes', () => {
    const stage = new Stage();
    const followers = Array.from({ length: 3 }, () => stage.follow(0));
    stage.push(event(1), event(2));
    stage.push(event(3));
    const [first, ...others] = followers.map(({ pieces }) => pieces);
    for (const pieces of others) for (const [index, piece] of pieces.entries()) assert.equal(piece, first?.[index]);
    assert.equal(first?.length, 2);
  });

  test('leaves a slow one behind, which goes on from the file', () => {
    const stage = new Stage();
    const slow = stage.follow(0);
    const quick = stage.follow(0);
    slow.isSlow = true;
    for (let position = 1; position <= 1000; position += 1) stage.push(event(position));
    assert.equal(slow.text, '1 ');
    stage.loads.length = 0;
    slow.isSlow = false;
    slow.follower.resume();
    assert.equal(slow.text, quick.text);
    assert.ok(stage.loads.length > 300 && stage.loads.length < 500, String(stage.loads.length));
    stage.push(event(1001, true));
    assert.equal(slow.text, quick.text);
    assert.equal(slow.end, 'ended');
  });

  test('has what is recent at hand, but no more of it than some', () => {
    const stage = new Stage();
    for (let position = 1; position <= 10; position += 1) stage.push(event(position));
    assert.equal(stage.follow(3).text, '4 5 6 7 8 9 10 ');
    assert.deepEqual(stage.loads, []);
    stage.push(event(11, false, 'x'.repeat(3_000_000)), event(12, false, 'y'.repeat(3_000_000)));
    stage.follow(10);
    assert.deepEqual(stage.loads, [10]);
  });

  test('goes by positions with gaps between, as events of several runs have', () => {
    const stage = new Stage();
    const live = stage.follow(0);
    stage.push(event(5));
    stage.push(event(9), event(12));
    assert.equal(stage.follow(5).text, '9 12 ');
    assert.equal(stage.follow(7).text, '9 12 ');
    assert.equal(live.text, '5 9 12 ');
    assert.equal(stage.follow(40).text, '');
  });

  test('gives nothing more to whoever has left, and tells when it comes to nothing', () => {
    const stage = new Stage();
    const gone = stage.follow(0);
    const left = stage.follow(0);
    gone.follower.leave();
    stage.push(event(1));
    stage.feed.abandon(new Error('no more'));
    assert.deepEqual([gone.text, gone.end], ['', '']);
    assert.deepEqual([left.text, left.end], ['1 ', 'Error: no more']);
    gone.follower.resume();
    assert.equal(gone.text, '');
  });

  test('fails whoever cannot be given what is missing', () => {
    const feed = new EventFeed(() => {
      throw new Error('unreadable');
    });
    let failure: unknown;
    feed.follow(0, { write: () => true, end: () => assert.fail('it ended'), fail: (error) => (failure = error) });
    assert.match(String(failure), /unreadable/);
  });
});
