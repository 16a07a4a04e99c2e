// What Anthropic says of its limits in an answer, under the names that OpenAI has for it. Rule: Anthropic's own fields stay.
import type { Fields } from '../../contract/exchange.ts';

const KINDS = ['requests', 'tokens'];

export function addRateLimits(fields: Fields, nowMs: number): void {
  for (const kind of KINDS) {
    for (const [said, name] of [
      ['limit', `x-ratelimit-limit-${kind}`],
      ['remaining', `x-ratelimit-remaining-${kind}`],
      ['reset', `x-ratelimit-reset-${kind}`],
    ] as const) {
      const value = fields.get(`anthropic-ratelimit-${kind}-${said}`);
      const told = value === undefined || said !== 'reset' ? value : secondsUntil(value, nowMs);
      if (told !== undefined) fields.set(name, told);
    }
  }
}

/** A time becomes how long it is until then. */
function secondsUntil(time: string, nowMs: number): string | undefined {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : `${Math.max(0, Math.ceil((ms - nowMs) / 1000))}s`;
}
