// Sends the clients of a tunnel server to another one. Rule: not all in the same moment, for the others have to take them; and nobody is waited for
// who does not go, unless something still runs there.
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionList } from '../../services/tunnels/session-list.ts';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';

export interface SendAwayOptions {
  readonly reason: string;
  /** What runs may end within that time. */
  readonly graceMs: number;
  /** There are other nodes, and it is worth waiting until the clients are there. */
  readonly isAwaited: boolean;
}

const SLICE = 100;
const SLICE_MS = 100;
/** Of the grace; the rest is for what runs. */
const PART_FOR_SLICES = 1 / 3;
/** A client that is not gone by then has nowhere to go. */
const GO_MS = 10_000;
const LOOK_MS = 50;

type Sessions = Pick<SessionList, 'all' | 'size'>;

/** Resolves when they have gone, or stay. */
export async function sendAway(sessions: Sessions, { reason, graceMs, isAwaited }: SendAwayOptions): Promise<void> {
  const untilMs = performance.now() + graceMs;
  const tell = (session: TunnelLink): void => session.drain(reason, untilMs - performance.now());
  const told = new Set(sessions.all());
  await tellAll([...told], graceMs, tell);
  if (!isAwaited) return;
  const goneByMs = Math.min(untilMs, performance.now() + GO_MS);
  while (sessions.size > 0 && performance.now() < untilMs) {
    const left = sessions.all();
    // Those whose connection was there when the door was closed, and who have said who they are since.
    for (const session of left) if (!told.has(session)) tell(session);
    for (const session of left) told.add(session);
    if (performance.now() >= goneByMs && !left.some(({ streamCount }) => streamCount > 0)) return;
    await pause(LOOK_MS);
  }
}

async function tellAll(all: readonly TunnelLink[], graceMs: number, tell: (one: TunnelLink) => void): Promise<void> {
  const sliceMs = Math.min(SLICE_MS, (graceMs * PART_FOR_SLICES * SLICE) / Math.max(1, all.length));
  for (let from = 0; from < all.length; from += SLICE) {
    if (from > 0) await pause(sliceMs * (0.5 + Math.random()));
    for (const session of all.slice(from, from + SLICE)) tell(session);
  }
}

/** Not a reason to go on running. */
function pause(ms: number): Promise<void> {
  return delay(ms, undefined, { ref: false });
}
