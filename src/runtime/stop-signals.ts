// Signals from outside, as wishes: stop, stop at once, load the config again, be replaced. Rule: the first wish to stop drains, the
// second one forces, unless it is a copy of the first; a reload that is asked for too early or too late is passed on all the same, and refused there.

import type { EventEmitter } from 'node:events';

/**
 * A supervisor that signals a whole group reaches us twice: itself, and through the launcher or npm, which pass on what they
 * get. Nobody presses Ctrl-C again as fast.
 */
const COPY_WITHIN_MS = 250;

export interface Wishes {
  /** The name of the signal that asked for it. */
  readonly stop: (signal: string) => void;
  readonly force: () => void;
  readonly reload: () => void;
  /** Another Sluice, perhaps of a newer version, is to take the place of this one. */
  readonly replace?: () => void;
}

interface Surroundings {
  readonly platform?: NodeJS.Platform;
  readonly nowMs?: () => number;
}

/** Listens until it is released. On Windows SIGHUP means that the console closes, and there is no signal for a reload. */
export function listenToSignals(
  source: Pick<EventEmitter, 'on' | 'off'>,
  wishes: Wishes,
  { platform = process.platform, nowMs = () => performance.now() }: Surroundings = {},
): () => void {
  let first: { readonly signal: string; readonly atMs: number } | null = null;
  const onStop = (signal: string): void => {
    if (first === null) {
      first = { signal, atMs: nowMs() };
      wishes.stop(signal);
    } else if (signal !== first.signal || nowMs() - first.atMs > COPY_WITHIN_MS) wishes.force();
  };
  const isWindows = platform === 'win32';
  const handlers: [signal: string, handler: (signal: string) => void][] = [
    ['SIGINT', onStop],
    ['SIGTERM', onStop],
    ['SIGHUP', isWindows ? onStop : wishes.reload],
    ...(isWindows ? [['SIGBREAK', onStop] satisfies [string, typeof onStop]] : []),
    ...(isWindows || wishes.replace === undefined ? [] : [['SIGUSR2', wishes.replace] satisfies [string, () => void]]),
  ];
  for (const [signal, handler] of handlers) source.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) source.off(signal, handler);
  };
}
