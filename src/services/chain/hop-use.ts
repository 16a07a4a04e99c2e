// The use of one member for one request: begun when it is picked, judged once, released once.
// Rule: a member that is only accused is judged when the request is over, by what another in its place achieved.
import type { Group } from '../balance/group.ts';
import type { Member } from '../balance/member.ts';
import type { Outcome } from '../balance/outcome.ts';
import type { HopFailure } from './hop-fault.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

export class HopUse {
  readonly group: Group<ProxyEndpoint>;
  readonly member: Member<ProxyEndpoint>;
  readonly endpoint: ProxyEndpoint;
  readonly #ticket: number;

  constructor(group: Group<ProxyEndpoint>, member: Member<ProxyEndpoint>, endpoint: ProxyEndpoint) {
    this.group = group;
    this.member = member;
    this.endpoint = endpoint;
    this.#ticket = member.begin();
  }

  /** As soon as it is known; the use goes on. */
  judge(outcome: Outcome): void {
    this.member.judge(this.#ticket, outcome);
  }

  release(): void {
    this.member.release();
  }

  end(outcome: Outcome): void {
    this.member.end(this.#ticket, outcome);
  }
}

/** What a failure means for the member that it is laid to. `target` is what it was to reach. */
export function outcomeOf({ blame, code, retryAfterMs }: HopFailure, target: string): Outcome {
  if (blame === 'member') return { kind: 'failure', reason: code };
  if (blame === 'auth') return { kind: 'auth_failed', reason: code };
  if (blame === 'busy') return { kind: 'busy', retryAfterMs };
  return blame === 'ambiguous' ? { kind: 'ambiguous', target, reason: code } : NEUTRAL;
}

export const NEUTRAL: Outcome = { kind: 'neutral' };
