// How one member compares with the others of its group: whether it does so much worse that it goes, and whether there would
// be enough left. Rule: at least one may always be taken out; a group that is no larger than its fault fails closed.
import type { OutlierOptions } from './group-rules.ts';
import type { Member } from './member.ts';
import { recentFailures, recentSuccesses } from './use-window.ts';

/** Whether `member` may be taken out, when no more than `maxShare` of the members may be out at once. */
export function mayEject<T>(member: Member<T>, members: readonly Member<T>[], maxShare: number): boolean {
  if (maxShare >= 1 || member.isEjected) return true;
  let [able, ejected] = [0, 0];
  for (const other of members) {
    if (other.admin === 'disabled') continue;
    able += 1;
    if (other.isEjected) ejected += 1;
  }
  return ejected < Math.max(1, Math.floor(able * maxShare));
}

export interface Moment {
  readonly now: number;
  readonly windowMs: number;
}

/** Whether it fails so much more than the others that it cannot be what they have in common. */
export function isOutlier<T>(
  member: Member<T>,
  members: readonly Member<T>[],
  options: OutlierOptions,
  { now, windowMs }: Moment,
): boolean {
  let [uses, failures] = [0, 0];
  for (const { slot } of members) {
    if (slot === member.slot) continue;
    const failed = recentFailures(slot, now, windowMs);
    failures += failed;
    uses += failed + recentSuccesses(slot, now, windowMs);
  }
  const ownFailures = recentFailures(member.slot, now, windowMs);
  const ownUses = ownFailures + recentSuccesses(member.slot, now, windowMs);
  if (ownUses < options.minUses || uses < options.minUses) return false;
  return ownFailures / ownUses - failures / uses >= options.aboveOthers;
}
