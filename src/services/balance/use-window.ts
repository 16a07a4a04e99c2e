// How many of a member's uses succeeded and failed lately: two halves of a window, the older one dropped as time goes on.
// Rule: an approximation that costs two counters; what is older than the window never counts.
import { INT, type MemberSlot } from './member-slot.ts';

export function countUse(slot: MemberSlot, now: number, windowMs: number, failed: boolean): void {
  turn(slot, now, windowMs);
  slot.add(failed ? INT.WINDOW_FAILURES : INT.WINDOW_SUCCESSES, 1);
}

export function recentSuccesses(slot: MemberSlot, now: number, windowMs: number): number {
  turn(slot, now, windowMs);
  return slot.get(INT.WINDOW_SUCCESSES) + slot.get(INT.PREVIOUS_SUCCESSES);
}

export function recentFailures(slot: MemberSlot, now: number, windowMs: number): number {
  turn(slot, now, windowMs);
  return slot.get(INT.WINDOW_FAILURES) + slot.get(INT.PREVIOUS_FAILURES);
}

/** Whoever comes first after a half is over moves the counts. */
function turn(slot: MemberSlot, now: number, windowMs: number): void {
  const half = Math.floor((2 * now) / windowMs) | 0;
  const known = slot.get(INT.WINDOW);
  if (known === half || !slot.swap(INT.WINDOW, known, half)) return;
  const isNext = half === ((known + 1) | 0);
  slot.set(INT.PREVIOUS_SUCCESSES, isNext ? slot.get(INT.WINDOW_SUCCESSES) : 0);
  slot.set(INT.PREVIOUS_FAILURES, isNext ? slot.get(INT.WINDOW_FAILURES) : 0);
  slot.set(INT.WINDOW_SUCCESSES, 0);
  slot.set(INT.WINDOW_FAILURES, 0);
}
