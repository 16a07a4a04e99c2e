// Signals from outside, as wishes: stop, stop at once, load the config again. Rule: the first wish to stop drains, the
// second one forces; a reload that is asked for too early or too late is passed on all the same, and refused there.

import type { EventEmitter } from 'node:events';

export interface Wishes {
  /** The name of the signal that asked for it. */
  readonly stop: (signal: string) => void;
  readonly force: () => void;
  readonly reload: () => void;
}

/** Listens until it is released. On Windows SIGHUP means that the console closes, and there is no signal for a reload. */
export function listenToSignals(
  source: Pick<EventEmitter, 'on' | 'off'>,
  wishes: Wishes,
  platform: NodeJS.Platform = process.platform,
): () => void {
  let isStopping = false;
  const onStop = (signal: string): void => {
    if (isStopping) wishes.force();
    else wishes.stop(signal);
    isStopping = true;
  };
  const isWindows = platform === 'win32';
  const handlers: [signal: string, handler: (signal: string) => void][] = [
    ['SIGINT', onStop],
    ['SIGTERM', onStop],
    ['SIGHUP', isWindows ? onStop : wishes.reload],
    ...(isWindows ? [['SIGBREAK', onStop] satisfies [string, typeof onStop]] : []),
  ];
  for (const [signal, handler] of handlers) source.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) source.off(signal, handler);
  };
}
