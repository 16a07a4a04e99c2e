// How the members of a group are chosen and judged, with its defaults. Rule: times are milliseconds; everything that
// depends on time or chance comes in here, so that tests decide both.
import type { ErrorCode } from '../../core/errors.ts';
import type { MemberEventKind } from './member-state.ts';
import { sharedNow } from './shared-clock.ts';

export const STRATEGY_NAMES = [
  'round_robin',
  'random',
  'weighted',
  'adaptive',
  'least_used',
  'least_latency',
  'least_connections',
  'quota',
  'consistent_hash',
  'sticky_hash',
] as const;

export type StrategyName = (typeof STRATEGY_NAMES)[number];

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Successes of trials that close it. */
  readonly successes: number;
  readonly openForMs: number;
  /** Each opening lasts twice as long as the one before, up to this. Default: 10 × openForMs. */
  readonly maxOpenForMs?: number;
  /** Trials at once while it is half-open. Default: 1. */
  readonly trials?: number;
  /** Opens it as well when this share of the uses of a time failed. Default: half of at least 20 within 30 s. null: never. */
  readonly rate?: FailureRate | null;
}

export interface FailureRate {
  readonly windowMs: number;
  readonly minUses: number;
  /** From 0 to 1. */
  readonly share: number;
}

/** Opens the breaker of a member that does much worse than the others of its group, be its own share as it may. */
export interface OutlierOptions {
  readonly minUses: number;
  /** By how much the share of its uses that failed is above that of the others: 0.3 means 30 points. */
  readonly aboveOthers: number;
}

export interface GroupOptions {
  readonly strategy: StrategyName;
  /** null: failures alone open nothing. */
  readonly breaker?: BreakerOptions | null;
  readonly outliers?: OutlierOptions | null;
  /** The most of the members that failing checks and breakers may take out, from 0 to 1; at least one always. Default: all. */
  readonly maxEjectedShare?: number;
  /** What is picked when every member is out because of failures. Default: nothing (fail closed). */
  readonly whenAllOut?: 'fail' | 'least_bad';
  /** How long a member that comes (back) gets less than its share. Default: 0, not at all. */
  readonly slowStartMs?: number;
  /** How long a busy member that names no time is left alone. Default: 30 s. */
  readonly coolDownMs?: number;
  /** The longest that a busy member may ask for. Default: 1 h. */
  readonly maxCoolDownMs?: number;
  /** How long a member that refused our credentials is left alone. Default: 5 min, doubling up to 1 h. */
  readonly authRetryMs?: number;
  /** How many different targets, reached by others, a member must fail for to be blamed. Default: 3. */
  readonly ambiguousTargets?: number;
  /** Milliseconds, the same in all threads. */
  readonly now?: () => number;
  /** From 0 to 1, as Math.random. */
  readonly random?: () => number;
  /** Told of every change of a member's state that happens in this thread. */
  readonly onEvent?: (memberId: string, kind: MemberEventKind) => void;
  /** Told of every failure that is held against a member, in this thread. */
  readonly onFailure?: (memberId: string, reason: ErrorCode) => void;
  /** Told when another member is picked than the time before, in this thread. */
  readonly onRotate?: () => void;
}

export type GroupRules = Required<Omit<GroupOptions, 'breaker'>> & {
  readonly breaker: Required<BreakerOptions>;
  readonly windowMs: number;
};

const DEFAULT_RATE: FailureRate = { windowMs: 30_000, minUses: 20, share: 0.5 };
const NEVER: BreakerOptions = { failures: Infinity, successes: 1, openForMs: 30_000, rate: null };

const DEFAULTS = {
  outliers: null,
  maxEjectedShare: 1,
  whenAllOut: 'fail',
  slowStartMs: 0,
  coolDownMs: 30_000,
  maxCoolDownMs: 3_600_000,
  authRetryMs: 300_000,
  ambiguousTargets: 3,
  now: sharedNow,
  random: Math.random,
  onEvent: () => {},
  onFailure: () => {},
  onRotate: () => {},
} as const;

export function groupRules(options: GroupOptions): GroupRules {
  const breaker = options.breaker ?? NEVER;
  const rate = breaker.rate === undefined ? DEFAULT_RATE : breaker.rate;
  return {
    ...DEFAULTS,
    ...options,
    breaker: { trials: 1, maxOpenForMs: 10 * breaker.openForMs, ...breaker, rate },
    windowMs: (rate ?? DEFAULT_RATE).windowMs,
  };
}
