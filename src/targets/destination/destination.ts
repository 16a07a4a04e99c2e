// The target of the forward proxy: wherever the request says, straight or through the hops that the rules name. Rule: what a
// rule sends through hops goes through them or fails; nothing ever goes straight because a hop is down.
import type { Exchange } from '../../contract/exchange.ts';
import type {
  Attempt,
  Cancellable,
  ForwardTarget,
  Origin,
  OriginDialEvents,
  TunnelEvents,
} from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { DestinationRules, Way } from '../../services/rules/destination-rules.ts';
import type { RetryBudget } from '../../services/chain/retry-budget.ts';
import { denialError } from './denial-error.ts';
import { type Direct, type Goal, NOTHING_READ } from './direct.ts';
import { plainOrigin } from './plain-origin.ts';
import { splitAuthority } from './split-authority.ts';
import type { ViaHops } from './via-hops.ts';

export interface DestinationOptions {
  readonly rules: DestinationRules;
  readonly direct: Direct;
  /** What members must be labelled with for whoever has come in on this port; null: nothing more than the rules say. */
  readonly tagsOfPort?: (port: number) => Readonly<Record<string, string>> | null;
  /** The hops that a way names. */
  readonly via: (way: Way) => ViaHops;
  readonly maxAttempts: number;
  readonly retryStatuses: readonly number[];
  /** No further attempt begins when a request is older; null: whenever. */
  readonly withinMs: number | null;
  /** How much of the requests in absolute-form may be tried again; tunnels have that of their chain. */
  readonly retries: RetryBudget;
  readonly dispose: () => void;
}

/** Origins that are kept for requests to come; those beyond are made anew. */
const MAX_ORIGINS = 1000;

const HTTP_PORT = 80;

export class Destination implements ForwardTarget {
  readonly kind = 'forward';
  readonly maxAttempts: number;
  readonly retryStatuses: readonly number[];
  private readonly options: DestinationOptions;
  /** Those that are reached straight, by host, port and way. */
  private readonly origins = new Map<string, Origin>();

  constructor(options: DestinationOptions) {
    this.options = options;
    this.maxAttempts = options.maxAttempts;
    this.retryStatuses = options.retryStatuses;
  }

  /** For a request in absolute-form. */
  select(exchange: Exchange, tried: readonly Origin[]): Origin | null {
    requireUrl(exchange.request.target);
    const goal = this.goalOf(exchange, HTTP_PORT, false);
    const { retries } = this.options;
    if (tried.length === 0) retries.earn();
    else if (!this.mayGoOn(exchange)) return null;
    if (goal.way.via.length > 0) {
      const origin = this.options.via(goal.way).select(exchange, goal, tried);
      if (origin !== null && tried.length > 0) retries.spend();
      return origin;
    }
    exchange.exit = 'direct';
    // There is no other way to the same place than the one that has just failed.
    return tried.length > 0 ? null : this.originOf(goal);
  }

  mayDoBetter(exchange: Exchange, tried: readonly Origin[]): boolean {
    if (!this.mayGoOn(exchange)) return false;
    const goal = this.goalOf(exchange, HTTP_PORT, false);
    return goal.way.via.length > 0 && this.options.via(goal.way).mayDoBetter(exchange, goal, tried);
  }

  connect(exchange: Exchange, events: TunnelEvents): Cancellable {
    let goal: Goal;
    try {
      goal = this.goalOf(exchange, 0, true);
    } catch (error) {
      return failLater(error as SluiceError, events);
    }
    if (goal.way.via.length > 0) return this.options.via(goal.way).connect(exchange, goal, events);
    exchange.exit = 'direct';
    return this.options.direct.dial(goal, {
      connected: (connection) => events.connected(connection, NOTHING_READ),
      failed: (error) => events.failed(error),
    });
  }

  report(attempt: Attempt): void {
    const { via } = attempt.origin as Origin & { readonly via?: ViaHops };
    via?.report(attempt);
  }

  dispose(): void {
    this.options.dispose();
  }

  private mayGoOn({ startedAtMs }: Exchange): boolean {
    const { retries, withinMs } = this.options;
    return retries.isOpen && (withinMs === null || performance.now() - startedAtMs < withinMs);
  }

  private goalOf({ request, user, client }: Exchange, defaultPort: number, isTunnel: boolean): Goal {
    const { rules, tagsOfPort } = this.options;
    const { host, port } = splitAuthority(request.authority, defaultPort);
    const way = rules.decide({ host, port, user: user === '' ? null : user, isTunnel });
    if (way.kind === 'denied') throw denialError(way, host);
    const tags = tagsOfPort === undefined ? null : tagsOfPort(client.localPort);
    return { host, port, way: tags === null ? way : { ...way, tags: { ...tags, ...way.tags } } };
  }

  private originOf(goal: Goal): Origin {
    const { host, port, way } = goal;
    const key = `${String(way.source)} ${host}:${port}`;
    const known = this.origins.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.origins.keys();
    if (this.origins.size >= MAX_ORIGINS && oldest !== undefined) this.origins.delete(oldest);
    const { direct } = this.options;
    const dialler = { dial: (events: OriginDialEvents): void => void direct.dial(goal, events) };
    const origin = plainOrigin({ host, port, label: 'direct', isProxy: false, dialler });
    this.origins.set(key, origin);
    return origin;
  }
}

function requireUrl(target: string): void {
  if (/^http:/i.test(target)) return;
  const message = /^https:/i.test(target)
    ? 'an https URL is reached by CONNECT, not by asking a proxy for it'
    : 'a proxy is asked for whole URLs that begin with http, and by CONNECT';
  throw new SluiceError('request_invalid', { message });
}

function failLater(error: SluiceError, events: TunnelEvents): Cancellable {
  const soon = setImmediate(() => events.failed(error));
  return { cancel: () => clearImmediate(soon) };
}
