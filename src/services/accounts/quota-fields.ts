// What providers of AI say in the fields of their answers about how much of an account's quota is left. Rule: what is not understood is
// left out, and answers that say nothing of it cost one look.
import { NameSet } from '../../codec/http1/name-set.ts';
import type { Fields } from '../../contract/exchange.ts';

/** In the order of their places in shared memory: a name goes behind the others. */
export const QUOTA_WINDOWS = {
  anthropic: ['requests', 'tokens', 'input_tokens', 'output_tokens', '5h', '7d', 'unified'],
  openai: ['requests', 'tokens', 'primary', 'secondary'],
} as const;

export type AccountDialect = keyof typeof QUOTA_WINDOWS;

/** One limit of an account, as an answer tells of it. */
export interface QuotaReading {
  /** Its place in QUOTA_WINDOWS. */
  readonly window: number;
  /** From 0 to 1. */
  readonly used: number;
  /** In what is counted; null: it tells only the share. */
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Since 1970; null: it does not tell. */
  readonly resetsAtMs: number | null;
  /** How long the window is; null: its name tells, or nobody does. */
  readonly minutes: number | null;
}

/** Of subscriptions. */
const UNIFIED = 'anthropic-ratelimit-unified';
const CLAIMS = ['5h', '7d'] as const;
const FIRST_CLAIM = 4;

type Read = (fields: Fields, nowMs: number) => QuotaReading | null;

const FIELDS: Readonly<Record<AccountDialect, readonly string[]>> = {
  anthropic: [
    ...['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((kind) =>
      ['limit', 'remaining'].map((what) => `anthropic-ratelimit-${kind}-${what}`),
    ),
    ...CLAIMS.flatMap((claim) => [`${UNIFIED}-${claim}-utilization`, `${UNIFIED}-${claim}-status`]),
    `${UNIFIED}-status`,
  ],
  openai: [
    ...['requests', 'tokens'].flatMap((kind) => [`x-ratelimit-limit-${kind}`, `x-ratelimit-remaining-${kind}`]),
    'x-codex-primary-used-percent',
    'x-codex-secondary-used-percent',
  ],
};

const NAMES = { anthropic: new NameSet(FIELDS.anthropic), openai: new NameSet(FIELDS.openai) };

const READERS: Readonly<Record<AccountDialect, readonly Read[]>> = {
  anthropic: [
    ...(['requests', 'tokens', 'input-tokens', 'output-tokens'] as const).map((kind, window): Read => {
      const name = (what: string): string => `anthropic-ratelimit-${kind}-${what}`;
      return (fields) =>
        counted(window, [fields.get(name('limit')), fields.get(name('remaining'))], dateOf(fields, name('reset')));
    }),
    ...CLAIMS.map((claim, index): Read => {
      return (fields) => {
        const resetsAtMs = secondsOf(fields, `${UNIFIED}-${claim}-reset`);
        return shared(FIRST_CLAIM + index, usedOfClaim(fields, claim), resetsAtMs);
      };
    }),
    (fields) => shared(FIRST_CLAIM + CLAIMS.length, usedOfAll(fields), secondsOf(fields, `${UNIFIED}-reset`)),
  ],
  openai: [
    ...(['requests', 'tokens'] as const).map((kind, window): Read => {
      return (fields, nowMs) => {
        const pair = [fields.get(`x-ratelimit-limit-${kind}`), fields.get(`x-ratelimit-remaining-${kind}`)] as const;
        const untilMs = spanOf(fields.get(`x-ratelimit-reset-${kind}`));
        return counted(window, pair, untilMs === null ? null : nowMs + untilMs);
      };
    }),
    ...(['primary', 'secondary'] as const).map((window, index): Read => {
      const name = `x-codex-${window}`;
      return (fields, nowMs) => codexWindow(2 + index, name, fields, nowMs);
    }),
  ],
};

function usedOfClaim(fields: Fields, claim: string): string | undefined {
  return fields.get(`${UNIFIED}-${claim}-status`) === 'rejected' ? '1' : fields.get(`${UNIFIED}-${claim}-utilization`);
}

/** Of whichever limit it is that counts; it says nothing of an account where that is one of its models alone. */
function usedOfAll(fields: Fields): string | undefined {
  const status = fields.get(`${UNIFIED}-status`);
  if (status?.startsWith('allowed') === true) return '0';
  return status === 'rejected' && !isOfModelAlone(fields) ? '1' : undefined;
}

/** Claude has limits for some models beside those of the account: these are used up, and the account is not. */
export function isOfModelAlone(fields: Fields): boolean {
  if (fields.get(`${UNIFIED}-status`) !== 'rejected') return false;
  const used = CLAIMS.flatMap((claim) => numberOf(usedOfClaim(fields, claim)) ?? []);
  return used.length === CLAIMS.length && used.every((share) => share < 1);
}

/** What the answer says of the quota of the account that it was asked with. */
export function readQuota(dialect: AccountDialect, fields: Fields, nowMs: number): readonly QuotaReading[] {
  if (fields.whichOf(NAMES[dialect]) === 0) return [];
  return READERS[dialect].flatMap((read) => read(fields, nowMs) ?? []);
}

/** The same as ChatGPT says it on a WebSocket. */
export function readQuotaEvent(limits: unknown): readonly QuotaReading[] {
  return (['primary', 'secondary'] as const).flatMap((name) => {
    const { used_percent: percent, window_minutes: minutes, reset_at: seconds } = partOf(limits, name);
    if (typeof percent !== 'number') return [];
    const window = QUOTA_WINDOWS.openai.indexOf(name);
    const resetsAtMs = typeof seconds === 'number' ? seconds * 1000 : null;
    const used = shareOf(percent / 100);
    return [
      { window, used, limit: null, remaining: null, resetsAtMs, minutes: typeof minutes === 'number' ? minutes : null },
    ];
  });
}

function partOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const part = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null;
  return typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : {};
}

function counted(
  window: number,
  [limitText, remainingText]: readonly [string | undefined, string | undefined],
  resetsAtMs: number | null,
): QuotaReading | null {
  const limit = numberOf(limitText);
  const remaining = numberOf(remainingText);
  if (limit === null || remaining === null || limit <= 0) return null;
  return { window, used: shareOf(1 - remaining / limit), limit, remaining, resetsAtMs, minutes: null };
}

function shared(window: number, usedText: string | undefined, resetsAtMs: number | null): QuotaReading | null {
  const used = numberOf(usedText);
  return used === null
    ? null
    : { window, used: shareOf(used), limit: null, remaining: null, resetsAtMs, minutes: null };
}

function codexWindow(window: number, name: string, fields: Fields, nowMs: number): QuotaReading | null {
  const percent = numberOf(fields.get(`${name}-used-percent`));
  if (percent === null) return null;
  const afterSeconds = numberOf(fields.get(`${name}-reset-after-seconds`));
  const resetsAtMs = afterSeconds === null ? secondsOf(fields, `${name}-reset-at`) : nowMs + afterSeconds * 1000;
  const minutes = numberOf(fields.get(`${name}-window-minutes`));
  return { window, used: shareOf(percent / 100), limit: null, remaining: null, resetsAtMs, minutes };
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

function shareOf(used: number): number {
  return Math.min(1, Math.max(0, used));
}

function secondsOf(fields: Fields, name: string): number | null {
  const seconds = numberOf(fields.get(name));
  return seconds === null ? dateOf(fields, name) : seconds * 1000;
}

function dateOf(fields: Fields, name: string): number | null {
  const atMs = Date.parse(fields.get(name) ?? '');
  return Number.isNaN(atMs) ? null : atMs;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As in `6m0s` or `120ms`. */
function spanOf(text: string | undefined): number | null {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return null;
  let spanMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    spanMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return spanMs;
}
