// What a request may be: how long its URL, how large its head and body, by which method, and how many of one client may run at
// once. Rule: only what is bounded here is looked at; the body is counted by the engine, which knows first how large it is.
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import { formatSize } from '../../core/size.ts';
import type { ClientAddress } from '../../services/identity/client-address.ts';
import { ClientKeys } from '../../services/identity/client-keys.ts';
import { WaitingExchanges } from '../../services/limiter/waiting-exchanges.ts';
import { REFUSED, UNKNOWN } from '../../services/limiter/running-table.ts';
import type { RunningLimiter } from '../../services/limiter/shared-running.ts';

export interface LimitsOptions {
  /** null: what holds for the door. */
  readonly targetBytes: number | null;
  readonly headBytes: number | null;
  readonly fieldCount: number | null;
  readonly bodyBytes: number | null;
  /** In upper case. Empty: all. */
  readonly methods: readonly string[];
  readonly concurrent: ConcurrentLimit | null;
}

export interface ConcurrentLimit {
  readonly running: RunningLimiter;
  /** Requests are counted together with those of other policies of that name. */
  readonly scope: string;
  readonly client: ClientAddress;
  readonly most: number;
}

/** Nobody knows when one of those that are running ends. */
const RETRY_AFTER_MS = 1000;

/** What is wrong with a request; null: nothing. */
type Judge = (request: RequestView) => ErrorCode | null;

export function limits(options: LimitsOptions): Policy {
  const { bodyBytes, concurrent } = options;
  const methods = takenMethods(options.methods);
  const running = concurrent === null ? null : new Running(concurrent);
  const judges = judgesOf(options, methods);
  return {
    name: 'limits',
    ...(bodyBytes !== null && {
      bounds: { bodyBytes },
      foresee: () => `takes a body of up to ${formatSize(bodyBytes)}`,
    }),
    ...((judges.length > 0 || running !== null) && { request: judging(judges, running) }),
    ...(methods.length > 0 && { response: allowing(methods) }),
    ...(running !== null && { done: (exchange: Exchange) => running.leave(exchange) }),
  };
}

/** Only what may run is counted among what runs. */
function judging(judges: readonly Judge[], running: Running | null): (exchange: Exchange) => void | Promise<void> {
  return (exchange) => {
    for (const judge of judges) {
      const code = judge(exchange.request);
      if (code === null) continue;
      exchange.fail(code);
      return undefined;
    }
    return running?.enter(exchange);
  };
}

function judgesOf({ targetBytes, headBytes, fieldCount }: LimitsOptions, methods: readonly string[]): Judge[] {
  const judges: Judge[] = [];
  if (targetBytes !== null) {
    judges.push((request) => (request.targetBytes > targetBytes ? 'request_target_too_long' : null));
  }
  if (headBytes !== null) judges.push((request) => (request.headBytes > headBytes ? 'request_head_too_large' : null));
  if (fieldCount !== null)
    judges.push((request) => (request.fieldCount > fieldCount ? 'request_head_too_large' : null));
  if (methods.length > 0) judges.push(({ method }) => (methods.includes(method) ? null : 'method_not_allowed'));
  return judges;
}

/** Whoever may get something may also ask what it would get (RFC 9110, 9.3.2). */
function takenMethods(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}

/** RFC 9110, 15.5.6: who is refused is told what would be taken. */
function allowing(methods: readonly string[]): (exchange: Exchange) => void {
  const allow = methods.join(', ');
  return ({ request, response }) => {
    const isRefusal = response.status === 405 && response.isOurs && !methods.includes(request.method);
    if (isRefusal) response.fields.set('Allow', allow);
  };
}

class Running {
  readonly #limit: ConcurrentLimit;
  readonly #scope: number;
  readonly #keys = new ClientKeys();
  /** Where each exchange is counted that is running. */
  readonly #places = new WeakMap<Exchange, number>();
  readonly #waiting = new WaitingExchanges();

  constructor(limit: ConcurrentLimit) {
    this.#limit = limit;
    this.#scope = limit.running.scope(limit.scope);
  }

  enter(exchange: Exchange): void | Promise<void> {
    const { running, client, most } = this.#limit;
    const key = this.#keys.of(client.of(exchange) ?? exchange.client.address);
    const place = running.enter(this.#scope, key, most);
    if (place === UNKNOWN) return this.#ask(exchange, key);
    if (place === REFUSED) exchange.abort(refusal());
    else this.#places.set(exchange, place);
    return undefined;
  }

  /** Exchanges that were refused earlier are not counted. */
  leave(exchange: Exchange): void {
    this.#waiting.over(exchange);
    const place = this.#places.get(exchange);
    if (place === undefined) return;
    this.#places.delete(exchange);
    this.#limit.running.leave(place);
  }

  /** What is thrown reaches the exchange only while it lives. */
  async #ask(exchange: Exchange, key: string): Promise<void> {
    const { running, most } = this.#limit;
    const place = await this.#waiting.whileThere(exchange, running.ask(this.#scope, key, most), (late) =>
      running.leave(late),
    );
    if (place === null) return;
    if (place === REFUSED) throw refusal();
    this.#places.set(exchange, place);
  }
}

function refusal(): SluiceError {
  return new SluiceError('too_many_concurrent_requests', { retryAfterMs: RETRY_AFTER_MS });
}
