// Who gets places in a room. Rule: the script for Redis (redis-scripts.ts) reckons in the same way.
import type { Places, PlaceWish } from './shared-state.ts';

/** `others`: how many places all other owners have. */
export function occupy({ most, taken, need, more }: PlaceWish, others: number): Places {
  const free = Math.max(0, most - others - taken);
  const needed = Math.min(need, free);
  const granted = needed + Math.min(more, Math.floor((free - needed) / 2));
  return { granted, left: free - granted };
}
