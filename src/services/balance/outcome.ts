// How one use of a member ended, as the one who used it judges. Types only. Rule: a member is blamed for nothing but its
// own failures; what may be the fault of what lies behind it is `ambiguous`.
import type { ErrorCode } from '../../core/errors.ts';

export type Outcome =
  /** It did its work. `target` is what it worked for, where others may have reported that as ambiguous. */
  | { readonly kind: 'success'; readonly latencyMs: number; readonly target?: string | null }
  /** It failed, and it is at fault: counts for the breaker. */
  | { readonly kind: 'failure'; readonly reason: ErrorCode }
  /** It asks to be left alone for a while (429): no failure. null: the group's own time. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number | null }
  /** It refused our credentials: out at once, and seldom tried again, for accounts get locked. */
  | { readonly kind: 'auth_failed'; readonly reason: ErrorCode }
  /** It or `target` is at fault. Counts only once it fails for several targets that others reach. */
  | { readonly kind: 'ambiguous'; readonly target: string; readonly reason: ErrorCode }
  /** Says nothing about it: a caller that went away, a policy that refused, an end after the commit point. */
  | { readonly kind: 'neutral' };
