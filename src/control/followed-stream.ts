// What somebody follows, as the body of an answer. Rule: it goes at the pace of whoever reads it, and is left when nobody does.
import type { FeedSink, Follower } from '../services/agents/event-feed.ts';

export function followedStream(follow: (sink: FeedSink) => Follower): ReadableStream<Uint8Array> {
  let follower: Follower | null = null;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      follower = follow({
        write: (bytes) => {
          controller.enqueue(new Uint8Array(bytes));
          return (controller.desiredSize ?? 0) > 0;
        },
        end: () => controller.close(),
        fail: (error) => controller.error(error),
      });
    },
    pull() {
      follower?.resume();
    },
    cancel() {
      follower?.leave();
    },
  });
}
