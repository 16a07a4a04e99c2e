// What the refusal of a CONNECT says. Rule: a status is laid to the hop only where it can mean nothing else; one dead
// destination must not make a healthy proxy look ill.
import type { ErrorCode } from '../../core/errors.ts';
import type { Blame } from './chain-link.ts';
import type { HopFault } from './hop-fault.ts';

type Verdict = readonly [about: HopFault['about'], code: ErrorCode, blame: Blame];

/** Statuses with one meaning. */
const KNOWN: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [400, ['hop', 'hop_unsupported', 'configuration']],
  [402, ['hop', 'hop_auth_failed', 'auth']],
  [403, ['hop', 'hop_denied', 'policy']],
  [405, ['hop', 'hop_unsupported', 'configuration']],
  [407, ['hop', 'hop_auth_failed', 'auth']],
  [429, ['hop', 'hop_busy', 'busy']],
  [451, ['hop', 'hop_denied', 'policy']],
  [501, ['hop', 'hop_unsupported', 'configuration']],
  [504, ['next', 'upstream_connect_timeout', 'ambiguous']],
]);

/** The others, by their first digit. */
const CLASSES: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [4, ['hop', 'hop_unsupported', 'configuration']],
  [5, ['next', 'upstream_unreachable', 'ambiguous']],
]);

/** Neither success nor refusal: who answers so to CONNECT is no proxy. */
const NO_PROXY: Verdict = ['hop', 'hop_invalid', 'member'];

export function faultOfStatus(status: number, retryAfterMs: number | null): HopFault {
  const [about, code, blame] = KNOWN.get(status) ?? CLASSES.get(Math.floor(status / 100)) ?? NO_PROXY;
  return { about, code, blame, detail: `answered ${status}`, status, retryAfterMs };
}

/** Retry-After in milliseconds: whole seconds, or a date (RFC 9110, 10.2.3); null for anything else. */
export function readRetryAfter(value: string, wallMs: number): number | null {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Z][a-z]{2}, \d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - wallMs);
}
