// Policy `ai-limits`: what a user may have of providers of AI: which of them, which models, how many requests, how much in a day or month.
// Rule: a request that is let in goes on to its end, whatever it uses; the next one is judged anew.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import { REFUSED, UNKNOWN } from '../../services/limiter/running-table.ts';
import type { RunningLimiter } from '../../services/limiter/shared-running.ts';
import { WaitingExchanges } from '../../services/limiter/waiting-exchanges.ts';
import type { LimitBucket, Limiter } from '../../services/limiter/limit-bucket.ts';
import type { Limit } from '../../services/limiter/limit-table.ts';
import { type AiUse, aiUseOf, modelOfPath } from '../../services/usage/ai-use.ts';
import { type Allowance, isModelAllowed, type LimitKey, usedUp } from '../../services/usage/allowance.ts';
import type { BudgetTable } from '../../services/usage/budget-table.ts';
import { type Asked, readAsked } from './asked-body.ts';
import * as words from './refusal-words.ts';
import type { Refusal } from './refusal-words.ts';

/** Users are counted by their names, whatever else is counted in the same tables. */
export const AI_LIMITS_SCOPE = 'ai users';

export interface AiLimitsOptions {
  readonly provider: string;
  /** null: this user may have all. */
  readonly allowanceOf: (user: string) => Allowance | null;
  readonly budgets: BudgetTable;
  readonly limits: Limiter;
  readonly running: RunningLimiter;
  readonly countRefusal: (user: string, limit: LimitKey) => void;
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
/** Nobody knows when one of those that are under way ends. */
const STREAM_RETRY_MS = 1000;

export function perMinute(most: number): Limit {
  return { intervalMs: MINUTE_MS / most, burst: most };
}

export function aiLimits(options: AiLimitsOptions): Policy {
  const { allowanceOf } = options;
  const gate = new Gate(options);
  return {
    name: 'ai-limits',
    request(exchange: Exchange): void | Promise<void> {
      const allowance = allowanceOf(exchange.user);
      return allowance === null ? undefined : gate.judge(exchange, allowance);
    },
    response: (exchange) => gate.answered(exchange),
    done: (exchange) => gate.leave(exchange),
    explain(exchange: Exchange): string {
      const allowance = allowanceOf(exchange.user);
      return allowance === null ? 'no limits' : words.described(allowance, gate.spentBy(allowance));
    },
  };
}

class Gate {
  readonly #options: AiLimitsOptions;
  readonly #now: () => number;
  readonly #scope: number;
  readonly #slots = new Map<string, number>();
  readonly #minutes = new Map<number, LimitBucket>();
  /** Where each exchange is counted that is under way. */
  readonly #places = new WeakMap<Exchange, number>();
  readonly #waiting = new WaitingExchanges();
  /** Answers that are not worth a second try before long. */
  readonly #hopeless = new WeakSet<Exchange>();

  constructor(options: AiLimitsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#scope = options.running.scope(AI_LIMITS_SCOPE);
  }

  judge(exchange: Exchange, allowance: Allowance): void | Promise<void> {
    const { method, path } = exchange.request;
    const use = aiUseOf(method, path);
    const refusal =
      this.#ofRequest(exchange, allowance, use) ?? this.#ofBudgets(allowance, use) ?? this.#enter(exchange, allowance);
    // Only others know whether there is room.
    if (refusal === 'unknown places') return this.#enterLater(exchange, allowance);
    if (refusal === 'unknown') return this.#judgeLater(exchange, allowance);
    if (refusal !== null) {
      if (refusal.code === 'ai_budget_used_up') this.#hopeless.add(exchange);
      exchange.abort(this.#errorOf(refusal, allowance));
      return undefined;
    }
    return this.#goesByBody(exchange, allowance) ? this.#judgeBody(exchange, allowance) : undefined;
  }

  spentBy({ user }: Allowance): ReturnType<BudgetTable['read']> {
    const slot = this.#slots.get(user) ?? this.#options.budgets.slotOf(user);
    this.#slots.set(user, slot);
    return this.#options.budgets.read(slot, this.#now());
  }

  answered(exchange: Exchange): void {
    // The official libraries and Claude Code try again by themselves unless they are told not to.
    if (this.#hopeless.delete(exchange)) exchange.response.fields.set('X-Should-Retry', 'false');
  }

  leave(exchange: Exchange): void {
    this.#waiting.over(exchange);
    const place = this.#places.get(exchange);
    if (place === undefined) return;
    this.#places.delete(exchange);
    this.#options.running.leave(place);
  }

  #errorOf({ limit, code, message, retryAfterMs }: Refusal, { user }: Allowance): SluiceError {
    this.#options.countRefusal(user, limit);
    return new SluiceError(code, { message, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }

  /** What can be told from its head. */
  #ofRequest({ request }: Exchange, allowance: Allowance, use: AiUse): Refusal | null {
    const { provider } = this.#options;
    const { providers, models, budgets } = allowance;
    if (providers !== null && !providers.includes(provider)) return words.deniedProvider(allowance, provider);
    const limit = budgets[0]?.key ?? (models === null ? null : 'ai_models');
    if (request.wantsUpgrade && limit !== null) return words.deniedWebSocket(allowance, limit);
    if (use === 'uncounted' && budgets[0] !== undefined) return words.uncounted(allowance, budgets[0].key);
    const model = modelOfPath(request.path);
    const isDenied = model !== null && models !== null && !isModelAllowed(model, models);
    return isDenied ? words.deniedModel(allowance, model) : null;
  }

  #ofBudgets(allowance: Allowance, use: AiUse): Refusal | null {
    if (use === 'free' || allowance.budgets.length === 0) return null;
    const nowMs = this.#now();
    const found = usedUp(allowance.budgets, this.spentBy(allowance), nowMs);
    return found === null ? null : words.budgetUsedUp(allowance, found, nowMs);
  }

  /** Counts the request among those that are under way, and among those of this minute. */
  #enter(exchange: Exchange, allowance: Allowance): Refusal | 'unknown' | 'unknown places' | null {
    const { user, streams } = allowance;
    const place = streams === null ? null : this.#options.running.enter(this.#scope, user, streams);
    if (place === UNKNOWN) return 'unknown places';
    if (place === REFUSED) return words.tooManyStreams(allowance, STREAM_RETRY_MS);
    if (place !== null) this.#places.set(exchange, place);
    return this.#countInMinute(exchange, allowance);
  }

  async #enterLater(exchange: Exchange, allowance: Allowance): Promise<void> {
    const { running } = this.#options;
    const { user, streams } = allowance;
    const asked = running.ask(this.#scope, user, streams ?? 1);
    const place = await this.#waiting.whileThere(exchange, asked, (late) => running.leave(late));
    if (place === null) return;
    if (place === REFUSED) throw this.#errorOf(words.tooManyStreams(allowance, STREAM_RETRY_MS), allowance);
    this.#places.set(exchange, place);
    const refusal = this.#countInMinute(exchange, allowance);
    if (refusal === 'unknown') await this.#judgeLater(exchange, allowance);
    else if (refusal !== null) throw this.#errorOf(refusal, allowance);
    else if (this.#goesByBody(exchange, allowance)) await this.#judgeBody(exchange, allowance);
  }

  #countInMinute(exchange: Exchange, allowance: Allowance): Refusal | 'unknown' | null {
    const { user, requestsPerMinute } = allowance;
    if (requestsPerMinute === null) return null;
    const minute = this.#minute(requestsPerMinute);
    const isWithin = minute.take(user);
    if (isWithin === null) return 'unknown';
    return isWithin ? null : this.#tooMany(exchange, allowance, minute.retryAfterMs);
  }

  #tooMany(exchange: Exchange, allowance: Allowance, retryAfterMs: number): Refusal {
    this.leave(exchange);
    return words.tooManyRequests(allowance, retryAfterMs);
  }

  async #judgeLater(exchange: Exchange, allowance: Allowance): Promise<void> {
    const { startedAtMs } = exchange;
    const { user, requestsPerMinute } = allowance;
    const { isWithin, retryAfterMs } = await this.#minute(requestsPerMinute ?? 1).ask(user);
    if (!isWithin) throw this.#errorOf(words.tooManyRequests(allowance, retryAfterMs), allowance);
    // Its client may have left, and the exchange be another one by now.
    const isOver = exchange.startedAtMs !== startedAtMs;
    if (!isOver && this.#goesByBody(exchange, allowance)) await this.#judgeBody(exchange, allowance);
  }

  /** What is thrown reaches the exchange only while it lives. */
  async #judgeBody(exchange: Exchange, allowance: Allowance): Promise<void> {
    const isChat = this.#isChat(exchange);
    const refusal = ofBody(await readAsked(exchange), allowance, isChat);
    if (refusal !== null) throw this.#errorOf(refusal, allowance);
  }

  /** Only where something depends on it. */
  #goesByBody(exchange: Exchange, { models, budgets }: Allowance): boolean {
    const { hasBody, path } = exchange.request;
    if (!hasBody) return false;
    return models !== null || (budgets.length > 0 && (path.endsWith('/responses') || this.#isChat(exchange)));
  }

  /** Asked in the dialect of OpenAI by whoever does not speak Anthropic's, Claude says in its own what it has used. */
  #isChat({ request }: Exchange): boolean {
    if (!request.path.endsWith('/completions')) return false;
    return this.#options.provider === 'chatgpt' || request.fields.has('anthropic-version');
  }

  #minute(most: number): LimitBucket {
    const minute = this.#minutes.get(most) ?? this.#options.limits.bucket(AI_LIMITS_SCOPE, perMinute(most));
    this.#minutes.set(most, minute);
    return minute;
  }
}

function ofBody({ model, isBackground, isSilent }: Asked, allowance: Allowance, isChat: boolean): Refusal | null {
  const { models, budgets } = allowance;
  if (models !== null && model === null) return words.noModel(allowance);
  if (models !== null && model !== null && !isModelAllowed(model, models)) return words.deniedModel(allowance, model);
  if (budgets[0] === undefined) return null;
  if (isChat && isSilent) return words.withoutUsage(allowance, budgets[0].key);
  return isBackground ? words.inBackground(allowance, budgets[0].key) : null;
}
