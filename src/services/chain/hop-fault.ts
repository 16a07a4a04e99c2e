// What a failed handshake with a hop says, as the hop's answer alone tells it. Types only.
import type { ErrorCode } from '../../core/errors.ts';
import type { Blame } from './chain-link.ts';

export interface HopFault {
  /** `hop`: the failure is its own. `next`: by its account, or its silence, what lies behind it cannot be reached. */
  readonly about: 'hop' | 'next';
  readonly code: ErrorCode;
  readonly blame: Blame;
  /** Follows the name of the hop: "answered 403 to CONNECT". */
  readonly detail: string;
  /** The status of its answer, or what is nearest to it in HTTP; 0 without an answer. */
  readonly status: number;
  readonly retryAfterMs: number | null;
}

export interface HopFailure {
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly message: string;
  readonly cause: unknown;
  /** Which hop it is laid to, counted from 0; -1: none, there are no hops, or it is the destination's. */
  readonly failedHop: number;
  /** The hop by whose account it is so, null for what we have seen ourselves. */
  readonly reportedBy: number | null;
  /** The hop is to blame if, and only if, another in its place does what it did not. */
  readonly isUnproven: boolean;
  readonly status: number;
  readonly retryAfterMs: number | null;
}
