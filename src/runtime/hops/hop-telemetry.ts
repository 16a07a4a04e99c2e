// What one thread counts and tells of the hops: which failures are held against whom, who is left alone, and how often a hop goes over to
// another proxy. Rule: what a proxy has done in all is kept in its state, and counted nowhere else.
import type { Hop } from '../../config/schema/hops.ts';
import type { GroupOptions } from '../../services/balance/group-rules.ts';
import type { MemberEventKind } from '../../services/balance/member-state.ts';
import { poolFamilies } from '../../telemetry/families.ts';
import type { LogFields } from '../../telemetry/application-log.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { exitName } from './exit-name.ts';

/** Into the log of the program. */
export type TellMember = (level: 'info' | 'warn', fields: LogFields, message: string) => void;

export type GroupEars = Pick<GroupOptions, 'onEvent' | 'onFailure' | 'onRotate'>;

/** Who listens to the group of a hop. */
export type EarsOf = (hop: string, config: Hop) => GroupEars;

const EJECTIONS: ReadonlySet<MemberEventKind> = new Set(['opened', 'unhealthy', 'auth_failed', 'cooling']);

/** `log` is told of what happens to a member beside its checks, of which whoever runs them tells. */
export function countingEars(recorder: MetricsRecorder, log: TellMember): EarsOf {
  return (hop, { strategy }) => {
    const nameOf = (member: string): string => exitName(hop, member);
    return toldEars(poolEars(recorder, { pool: hop, policy: strategy }, nameOf), log, (member) => ({
      proxy: nameOf(member),
    }));
  };
}

interface Told {
  readonly event: 'breaker' | 'health';
  readonly level: 'info' | 'warn';
  readonly message: string;
}

const TOLD: Readonly<Partial<Record<MemberEventKind, Told>>> = {
  opened: { event: 'breaker', level: 'warn', message: 'a breaker has opened' },
  half_opened: { event: 'breaker', level: 'info', message: 'a breaker lets one try' },
  closed: { event: 'breaker', level: 'info', message: 'a breaker has closed' },
  auth_failed: { event: 'health', level: 'warn', message: 'credentials are refused' },
  auth_restored: { event: 'health', level: 'info', message: 'credentials are taken again' },
};

/** `fieldsOf`: by which people know a member. */
export function toldEars(ears: GroupEars, log: TellMember, fieldsOf: (member: string) => LogFields): GroupEars {
  return {
    ...ears,
    onEvent: (member, kind) => {
      ears.onEvent?.(member, kind);
      const told = TOLD[kind];
      if (told !== undefined) log(told.level, { event: told.event, ...fieldsOf(member), what: kind }, told.message);
    },
  };
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
