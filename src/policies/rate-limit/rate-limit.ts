// How many requests may come: what is too much is answered with 429, and every answer says what is left. Rule: a request is
// counted once, where the policy meets it; nothing is made anew for a client that comes again.
import { ReadyLines } from '../../codec/http1/ready-lines.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ClientAddress } from '../../services/identity/client-address.ts';
import { ClientKeys } from '../../services/identity/client-keys.ts';
import type { Limiter, Verdict } from '../../services/limiter/limit-bucket.ts';
import type { Limit } from '../../services/limiter/limit-table.ts';

/** Whose requests are counted together. A client without the field, or without a user, is counted by its address. */
export type CountedBy = 'client_ip' | 'user' | 'route' | 'global' | { readonly header: string };

export interface RateLimitOptions {
  readonly limiter: Limiter;
  /** Requests are counted together with those of other policies of that name. */
  readonly scope: string;
  readonly per: CountedBy;
  readonly client: ClientAddress;
  readonly limit: Limit;
  /** What servers answer is theirs: only answers of ours say what is left. */
  readonly tellsInOursOnly?: boolean;
}

/** What became of a request, for its answer. Exchanges are reused, and so is this. */
interface Tally {
  /** Of the request that it is of; -1 when it has been told. */
  startedAtMs: number;
  remaining: number;
  resetMs: number;
  retryAfterMs: number;
}

export function rateLimit(options: RateLimitOptions): Policy {
  const { limiter, limit, tellsInOursOnly = false } = options;
  const bucket = limiter.bucket(options.scope, limit);
  const keyOf = keyFinder(options.per, options.client);
  const limitLines = new LimitLines(limit);
  const tallies = new WeakMap<Exchange, Tally>();

  function note(exchange: Exchange, { remaining, resetMs, retryAfterMs }: Omit<Verdict, 'isWithin'>): void {
    const tally = tallies.get(exchange) ?? newTally(exchange, tallies);
    tally.startedAtMs = exchange.startedAtMs;
    tally.remaining = remaining;
    tally.resetMs = resetMs;
    tally.retryAfterMs = retryAfterMs;
  }

  /** What is thrown reaches the exchange only while it lives. */
  async function judgedByAll(exchange: Exchange, asked: Promise<Verdict>): Promise<void> {
    const { startedAtMs } = exchange;
    const verdict = await asked;
    if (exchange.startedAtMs === startedAtMs) note(exchange, verdict);
    if (!verdict.isWithin) throw new SluiceError('too_many_requests');
  }

  return {
    name: 'rate_limit',
    request(exchange: Exchange): void | Promise<void> {
      const key = keyOf(exchange);
      const isWithin = bucket.take(key);
      if (isWithin === null) return judgedByAll(exchange, bucket.ask(key));
      note(exchange, bucket);
      if (!isWithin) exchange.fail('too_many_requests');
      return undefined;
    },
    response(exchange: Exchange): void {
      const { fields, isOurs } = exchange.response;
      const tally = tallies.get(exchange);
      if (tally === undefined || tally.startedAtMs !== exchange.startedAtMs || (tellsInOursOnly && !isOurs)) return;
      tally.startedAtMs = -1;
      // A server that has a limit of its own speaks of that one.
      if (!isOurs && fields.has('ratelimit-limit')) return;
      fields.appendReady(limitLines.of(Math.ceil(tally.resetMs / 1000)));
      fields.append('RateLimit-Remaining', String(tally.remaining));
      if (tally.retryAfterMs > 0) fields.append('Retry-After', String(Math.ceil(tally.retryAfterMs / 1000)));
    },
  };
}

/** What answers in succession say alike. */
class LimitLines {
  readonly #limit: string;
  #resetS = -1;
  #lines = new ReadyLines([]);

  constructor({ burst }: Limit) {
    this.#limit = String(burst);
  }

  of(resetS: number): ReadyLines {
    if (resetS !== this.#resetS) {
      this.#resetS = resetS;
      this.#lines = new ReadyLines([
        ['RateLimit-Limit', this.#limit],
        ['RateLimit-Reset', String(resetS)],
      ]);
    }
    return this.#lines;
  }
}

function newTally(exchange: Exchange, tallies: WeakMap<Exchange, Tally>): Tally {
  const tally = { startedAtMs: -1, remaining: 0, resetMs: 0, retryAfterMs: 0 };
  tallies.set(exchange, tally);
  return tally;
}

function keyFinder(per: CountedBy, client: ClientAddress): (exchange: Exchange) => string {
  const keys = new ClientKeys();
  const byAddress = (exchange: Exchange): string => keys.of(client.of(exchange) ?? exchange.client.address);
  if (per === 'client_ip') return byAddress;
  if (per === 'user') return (exchange) => (exchange.user === '' ? byAddress(exchange) : `user ${exchange.user}`);
  if (per === 'route') return ({ route }) => route;
  if (per === 'global') return () => '';
  const name = per.header.toLowerCase();
  return (exchange) => {
    const value = exchange.request.fields.get(name);
    return value === undefined || value === '' ? byAddress(exchange) : `value ${value}`;
  };
}
