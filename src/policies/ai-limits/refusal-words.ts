// What users are told of the limits that hold for them. Rule: a refusal names the limit as the configuration does, and says when it is free
// again or what may be done instead.
import { type Allowance, type BudgetKey, type LimitKey, usedOf, type usedUp } from '../../services/usage/allowance.ts';
import type { Spent } from '../../services/usage/budget-table.ts';
import type { ErrorCode } from '../../core/errors.ts';

/** Why a request may not go on. */
export interface Refusal {
  readonly limit: LimitKey;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

const MAX_NAME_CHARACTERS = 100;

export function deniedProvider(allowance: Allowance, provider: string): Refusal {
  const may = `${whoOf(allowance)} may use ${(allowance.providers ?? []).join(' and ')} (ai_providers)`;
  return { limit: 'ai_providers', code: 'ai_provider_denied', message: `${may}, and not ${provider}.` };
}

export function deniedModel(allowance: Allowance, model: string): Refusal {
  const message = `${mayModels(allowance)}, and not ${JSON.stringify(model.slice(0, MAX_NAME_CHARACTERS))}.`;
  return { limit: 'ai_models', code: 'ai_model_denied', message };
}

export function noModel(allowance: Allowance): Refusal {
  const message = `${mayModels(allowance)}, and this request does not say plainly which one it is for.`;
  return { limit: 'ai_models', code: 'ai_model_denied', message };
}

export function deniedWebSocket(allowance: Allowance, limit: LimitKey): Refusal {
  const message = `${whoOf(allowance)} has limits (${limit}) that cannot be kept within a WebSocket: send a POST.`;
  return { limit, code: 'ai_websocket_denied', message };
}

export function uncounted(allowance: Allowance, limit: BudgetKey): Refusal {
  const message = `${whoOf(allowance)} has a budget (${limit}), and what this address would use cannot be counted.`;
  return { limit, code: 'ai_use_uncounted', message };
}

export function inBackground(allowance: Allowance, limit: BudgetKey): Refusal {
  const message = `${whoOf(allowance)} has a budget (${limit}), and what is answered in the background cannot be counted.`;
  return { limit, code: 'ai_use_uncounted', message };
}

export function withoutUsage(allowance: Allowance, limit: BudgetKey): Refusal {
  const message = `${whoOf(allowance)} has a budget (${limit}), and this stream would not say what it has used: set stream_options.include_usage.`;
  return { limit, code: 'ai_use_uncounted', message };
}

export function budgetUsedUp(
  allowance: Allowance,
  { budget: { key, most }, freeAtMs }: NonNullable<ReturnType<typeof usedUp>>,
  nowMs: number,
): Refusal {
  const period = key.endsWith('_day') ? 'today' : 'this month';
  const what = key.startsWith('ai_tokens') ? `the ${most} tokens` : `the ${most} that may be spent`;
  const until = new Date(freeAtMs).toISOString().replace('.000', '');
  const message = `${whoOf(allowance)} has used up ${what} of ${period} (${key}); there is more at ${until}.`;
  return { limit: key, code: 'ai_budget_used_up', message, retryAfterMs: freeAtMs - nowMs };
}

export function tooManyStreams(allowance: Allowance, retryAfterMs: number): Refusal {
  const message = `${whoOf(allowance)} has ${allowance.streams} requests under way, and may have no more (ai_streams); another may come when one of them has ended.`;
  return { limit: 'ai_streams', code: 'too_many_concurrent_requests', message, retryAfterMs };
}

export function tooManyRequests(allowance: Allowance, retryAfterMs: number): Refusal {
  const seconds = Math.ceil(retryAfterMs / 1000);
  const message = `${whoOf(allowance)} may send ${allowance.requestsPerMinute} requests a minute (ai_requests_per_minute); the next one may come in ${seconds} s.`;
  return { limit: 'ai_requests_per_minute', code: 'too_many_requests', message, retryAfterMs };
}

/** For explanations. */
export function described(allowance: Allowance, spent: Spent): string {
  const { requestsPerMinute, streams, budgets, providers, models } = allowance;
  const parts = [
    ...(providers === null ? [] : [`ai_providers ${providers.join(', ')}`]),
    ...(models === null ? [] : [`ai_models ${models.join(', ')}`]),
    ...(requestsPerMinute === null ? [] : [`ai_requests_per_minute ${requestsPerMinute}`]),
    ...(streams === null ? [] : [`ai_streams ${streams}`]),
    ...budgets.map(({ key, most }) => `${key} ${most} (used: ${amountOf(usedOf(spent, key))})`),
  ];
  return `${whoOf(allowance)} has ${parts.join('; ')}`;
}

/** Sums of costs have last digits that mean nothing. */
function amountOf(amount: number): string {
  return String(Number(amount.toPrecision(12)));
}

function mayModels(allowance: Allowance): string {
  return `${whoOf(allowance)} may use ${(allowance.models ?? []).join(', ')} (ai_models)`;
}

function whoOf({ user }: Allowance): string {
  return user === '' ? 'Whoever comes without a token' : `User "${user}"`;
}
