// What goes on, as server-sent events. Rule: an id names the run of Sluice that gave it, so that whoever comes back after a restart is given
// all of the new run and not what its number happens to stand for there.

const HEARTBEAT_MS = 15_000;

export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/event-stream',
  'X-Accel-Buffering': 'no',
};

export function wantsStream(accept: string | undefined): boolean {
  return (accept ?? '').includes('text/event-stream');
}

export interface StreamFollower {
  resume(): void;
  leave(): void;
}

/** False: nothing more until the follower's `resume`. */
export type SayEvent = (position: number, data: object) => boolean;

/** Ends with whoever reads it. A line now and then keeps the connection from being taken for dead. */
export function streamBody(
  run: string,
  follow: (say: SayEvent) => StreamFollower | Promise<StreamFollower>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let follower: StreamFollower | null = null;
  let beat: NodeJS.Timeout | null = null;
  let isLeft = false;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const say = (words: string): boolean => {
        controller.enqueue(encoder.encode(words));
        return (controller.desiredSize ?? 0) > 0;
      };
      say(': follows\n\n');
      beat = setInterval(() => say(':\n\n'), HEARTBEAT_MS).unref();
      const found = await follow((position, data) => {
        return isLeft || say(`id: ${run}-${position}\ndata: ${JSON.stringify(data)}\n\n`);
      });
      if (isLeft) found.leave();
      else follower = found;
    },
    pull() {
      follower?.resume();
    },
    cancel() {
      isLeft = true;
      if (beat !== null) clearInterval(beat);
      follower?.leave();
    },
  });
}

/** Names a run of Sluice. */
export function runOf({ startedAtMs }: { readonly startedAtMs: number }): string {
  return startedAtMs.toString(36);
}

/** null: from now on. */
export function positionIn(lastEventId: string | undefined, run: string): number | null {
  const match = /^(?:([0-9a-z]{1,15})-)?(\d{1,15})$/.exec(lastEventId ?? '');
  if (match === null) return null;
  const [, of = run, position] = match;
  return of === run ? Number(position) : 0;
}
