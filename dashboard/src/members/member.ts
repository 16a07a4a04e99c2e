// A proxy of a hop or a backend of a route, as this page sees them: both are chosen among others, watched, and taken out. Rule: what is said of one in
// words comes from here, so that the two say it alike.
import type { MemberAnswer, MemberStatsAnswer } from '../../../src/control/member-answers.ts';
import type { Tone } from '../components/chip.tsx';
import { formatMs } from '../format.ts';

export type Member = MemberAnswer & { readonly stats: MemberStatsAnswer };

export interface Standing {
  readonly tone: Tone;
  readonly words: string;
}

export function standingOf({ enabled, draining, healthy, health, obstacle, retry_in_ms: retryMs }: Member): Standing {
  if (!enabled) return { tone: 'plain', words: 'disabled' };
  if (draining) return { tone: 'info', words: 'draining' };
  if (healthy && obstacle === null) return { tone: 'good', words: health === 'unknown' ? 'ready' : health };
  const why = (obstacle ?? 'unhealthy').replaceAll('_', ' ');
  return { tone: healthy ? 'warn' : 'bad', words: retryMs > 0 ? `${why}, again in ${formatMs(retryMs)}` : why };
}

export function isUsable({ enabled, draining, healthy }: Member): boolean {
  return enabled && !draining && healthy;
}

export function breakerWords(breaker: Member['breaker']): Standing {
  if (breaker === 'closed') return { tone: 'good', words: 'closed' };
  return breaker === 'open' ? { tone: 'bad', words: 'open' } : { tone: 'warn', words: 'half open' };
}
