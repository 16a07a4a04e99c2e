// Moving averages of what was measured of a member. Rule: two threads may overwrite each other's sample; that is harmless.
import { FLOAT, type MemberSlot } from './member-slot.ts';

/** How far back the latency looks. */
const LATENCY_MEMORY_MS = 10_000;
const LEAST_SHARE_OF_A_SAMPLE = 0.05;
const SHARE_OF_A_USE = 0.1;

/** Weighs a sample by the time since the last one, so that a burst counts little more than the time it takes. */
export function recordLatency(slot: MemberSlot, latencyMs: number, now: number): void {
  const lastAt = slot.read(FLOAT.LATENCY_AT);
  const passedMs = Math.max(0, now - lastAt);
  const share = lastAt === 0 ? 1 : Math.max(LEAST_SHARE_OF_A_SAMPLE, 1 - Math.exp(-passedMs / LATENCY_MEMORY_MS));
  const average = slot.read(FLOAT.LATENCY_MS);
  slot.write(FLOAT.LATENCY_MS, average + share * (latencyMs - average));
  slot.write(FLOAT.LATENCY_AT, now);
}

/** Keeps the share of uses that failed, the last ten or so counting most. */
export function recordUse(slot: MemberSlot, failed: boolean): void {
  const average = slot.read(FLOAT.FAILING);
  if (failed || average !== 0) slot.write(FLOAT.FAILING, average + SHARE_OF_A_USE * ((failed ? 1 : 0) - average));
}
