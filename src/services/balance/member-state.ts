// What the outside may know of a member: for the admin API, metrics, logs and `sluice explain`. Types only.
import type { ErrorCode } from '../../core/errors.ts';

/** Decided by people: draining finishes what it has and gets nothing new. */
export type AdminState = 'enabled' | 'draining' | 'disabled';

/** Why a member is not picked just now. */
export type Obstacle =
  | 'removed'
  | 'disabled'
  | 'draining'
  | 'auth_failed'
  | 'unhealthy'
  | 'open'
  | 'trials_busy'
  | 'cooling'
  | 'full';

export type MemberEventKind =
  | 'opened'
  | 'half_opened'
  | 'closed'
  | 'cooling'
  | 'auth_failed'
  | 'auth_restored'
  | 'unhealthy'
  | 'healthy'
  | 'enabled'
  | 'draining'
  | 'disabled';

export interface MemberState {
  readonly id: string;
  readonly admin: AdminState;
  /** null: it may be picked. */
  readonly obstacle: Obstacle | null;
  /** What the active checks say. */
  readonly health: 'unknown' | 'healthy' | 'unhealthy';
  readonly breaker: 'closed' | 'open' | 'half_open';
  readonly authFailed: boolean;
  /** How long until it is tried again; 0 when nothing is waited for. */
  readonly retryInMs: number;
  readonly active: number;
  readonly uses: number;
  readonly successes: number;
  readonly failures: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** A moving average; null before the first success. */
  readonly latencyMs: number | null;
  readonly lastError: ErrorCode | null;
  /** How long ago; null for never. */
  readonly lastErrorAgoMs: number | null;
  readonly lastCheckAgoMs: number | null;
}
