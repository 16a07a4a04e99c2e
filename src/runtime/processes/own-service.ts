// A service of ours behind the gateway's door that runs something, as the configuration describes it. Rule: it says what it is and
// answers; who may come and by which way is found out before.
import type { Config } from '../../config/config.ts';
import type { Bounds } from '../../contract/bounds.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { engineTimeouts } from '../assemble/assemble-bounds.ts';
import type { ProcessDesk } from './process-desk.ts';

export interface OwnService {
  readonly name: string;
  /** Patterns, as those of routes. */
  readonly paths: readonly string[];
  /** What users must be allowed, and in words what they may not do without. */
  readonly permission: string;
  readonly does: string;
  /** Names by which it may be reached where there are no users. */
  readonly hosts: readonly string[];
  readonly bounds: Bounds;
  /** Of its own. */
  readonly policies: readonly Policy[];
  /** In a few words, for explanations. */
  readonly answers: string;
  readonly createTarget: (desk: ProcessDesk) => AnswerTarget;
}

/** The silence of a service, and how long it may take, are its own to bound. */
export function serviceBounds(config: Config, { silenceMs, headMs }: { silenceMs: number; headMs: number }): Bounds {
  const everywhere = engineTimeouts(config);
  return {
    // What is started for nobody is paid for all the same.
    halfIsGone: true,
    timeouts: {
      ...everywhere,
      responseMs: headMs,
      readMs: Math.max(everywhere.readMs, silenceMs),
      tunnelIdleMs: Math.max(everywhere.tunnelIdleMs, silenceMs),
    },
  };
}
