// What one thread counts of the hops: which failures are held against whom, who is left alone, and how often a hop goes over to
// another proxy. Rule: what a proxy has done in all is kept in its state, and counted nowhere else.
import type { Hop } from '../../config/schema/hops.ts';
import type { GroupOptions } from '../../services/balance/group-rules.ts';
import type { MemberEventKind } from '../../services/balance/member-state.ts';
import { poolFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { exitName } from './exit-name.ts';

export type GroupEars = Pick<GroupOptions, 'onEvent' | 'onFailure' | 'onRotate'>;

/** Who listens to the group of a hop. */
export type EarsOf = (hop: string, config: Hop) => GroupEars;

const EJECTIONS: ReadonlySet<MemberEventKind> = new Set(['opened', 'unhealthy', 'auth_failed', 'cooling']);

export function countingEars(recorder: MetricsRecorder): EarsOf {
  return (hop, { strategy }) => poolEars(recorder, { pool: hop, policy: strategy }, (member) => exitName(hop, member));
}

/** The same for a group of any kind. */
export function poolEars(
  recorder: MetricsRecorder,
  pool: { readonly pool: string; readonly policy: string },
  nameOf: (member: string) => string,
): GroupEars {
  const count = (slot: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
  const families = poolFamilies(recorder, pool, nameOf);
  return {
    onRotate: () => count(families.rotations),
    onFailure: (member, reason) => count(families.failures(member, reason)),
    onEvent: (_member, kind) => {
      if (EJECTIONS.has(kind)) count(families.ejections(kind));
    },
  };
}
