// What the answer to a test request says about the way to a provider of AI, and what to do about it. Rule: what is Sluice's own word is told
// from what is the provider's; a hint names a command, a key of the configuration or a place, never a guess at a cause.

import type { ProbeResult } from './ai-probe.ts';

export interface ProbedProvider {
  readonly name: 'claude' | 'chatgpt';
  /** What its requests are sent with. */
  readonly kind: 'passthrough' | 'api_key' | 'store';
  /** The environment had a credential for a client to bring along. */
  readonly hasOwn: boolean;
  /** The backend of ChatGPT, which is no public API. */
  readonly isBackend: boolean;
}

export interface Verdict {
  /** reached: the provider has answered, and only the credential of the client was missing, or the question did not suit it. */
  readonly outcome: 'ok' | 'reached' | 'failed';
  /** Of Sluice; null: the provider's own answer, or none. */
  readonly code: string | null;
  readonly message: string | null;
  readonly hint: string | null;
}

const MAX_MESSAGE_CHARACTERS = 300;
const OWN_CODE = /\(Sluice: (\w+)\)/;
const REACH = 'can this machine reach it? If only a proxy can, name it with ai.via';
const HOP = 'look at the proxies of ai.via: sluice explain POST …/v1/messages, /api/v1/proxies';

const LIMITS = 'look at what this user may have: sluice ai limits';

const HINTS: Readonly<Record<string, string>> = {
  unauthorized: 'the token is none of a user of this Sluice: SLUICE_AI_TOKEN, --token-file, or users in the config',
  forbidden: 'this user may not ask there: users[].may needs ai',
  route_not_found: 'nothing is there: ai.enabled, gateway.own_paths and the prefix of the provider',
  credential_unavailable: 'look at the accounts: sluice ai accounts',
  too_many_requests: LIMITS,
  too_many_concurrent_requests: LIMITS,
  ai_budget_used_up: LIMITS,
  ai_provider_denied: LIMITS,
  ai_model_denied: LIMITS,
};

const STATUS_HINTS: Readonly<Record<number, string>> = {
  400: 'the provider did not like the question; with --model it is as small as can be',
  404: 'the provider does not know this model, or this path: look at --model and at base',
  429: 'the account is limited: wait, or look at its quota with the provider',
  529: 'the provider is overloaded: try again',
};

export function verdictOn(result: ProbeResult, provider: ProbedProvider): Verdict {
  const { status, body, fault } = result;
  if (status === null || fault !== null) {
    const where = status === null ? 'the door of the gateway' : 'the provider';
    return {
      outcome: 'failed',
      code: null,
      message: `${where}: ${fault ?? 'no answer'}`,
      hint: unansweredHint(status),
    };
  }
  const message = messageOf(body);
  const code = OWN_CODE.exec(message ?? '')?.[1] ?? null;
  if (code !== null) return { outcome: 'failed', code, message, hint: hintFor(code) };
  if (status >= 200 && status < 300) {
    if (!/(?:^|\n)event: ?(?:error|response\.failed)\b/.test(body)) return FINE;
    return { outcome: 'failed', code: null, message: 'the stream told of an error', hint: null };
  }
  return ofProvider(status, message, provider);
}

const FINE: Verdict = { outcome: 'ok', code: null, message: null, hint: null };

function ofProvider(status: number, message: string | null, provider: ProbedProvider): Verdict {
  const { kind, hasOwn, isBackend, name } = provider;
  const isRefused = status === 401 || status === 403;
  if (isRefused && kind === 'passthrough' && !hasOwn) {
    const variable = name === 'claude' ? 'ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN' : 'OPENAI_API_KEY';
    const hint = `requests go with what clients have: set ${variable} to try one`;
    return { outcome: 'reached', code: null, message, hint };
  }
  if (isBackend && [400, 404, 405].includes(status)) {
    return { outcome: 'reached', code: null, message, hint: 'this backend need not list models: try --model' };
  }
  const hint = isRefused ? refusedHint(kind, name) : (STATUS_HINTS[status] ?? null);
  return { outcome: 'failed', code: null, message, hint };
}

function refusedHint(kind: ProbedProvider['kind'], name: ProbedProvider['name']): string {
  if (kind === 'api_key') return `the provider does not accept the key: ai.providers.${name}.credentials`;
  if (kind === 'passthrough') return 'the provider does not accept the credential of the environment';
  const program = name === 'claude' ? 'Claude Code' : 'Codex';
  return `the provider does not accept the login: sluice ai accounts, and sign in again with ${program}`;
}

function hintFor(code: string): string | null {
  if (code.startsWith('hop')) return HOP;
  if (code.startsWith('upstream_')) return REACH;
  return HINTS[code] ?? `sluice help ${code}`;
}

function unansweredHint(status: number | null): string {
  return status === null ? 'is this where the gateway is? Else say so with --url' : 'the answer was cut: try again';
}

/** Of an error in any of the shapes that are in use. */
function messageOf(body: string): string | null {
  const text = textIn(body) ?? body.trim();
  return text === '' ? null : text.replaceAll(/\s+/g, ' ').slice(0, MAX_MESSAGE_CHARACTERS);
}

function textIn(body: string): string | undefined {
  try {
    const { error, detail, message } = JSON.parse(body) as Record<string, unknown>;
    const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
    return [nested, detail, message].find((each): each is string => typeof each === 'string');
  } catch {
    return undefined;
  }
}
