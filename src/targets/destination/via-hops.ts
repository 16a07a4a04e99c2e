// Requests that go through the hops of one way. A tunnel is one run through the chain. A request in absolute-form is given to
// the last hop as it is when that speaks HTTP, and its member is chosen anew for each request, whatever connections are open;
// through SOCKS it goes to the server itself. Rule: a connection that was made for one session never serves another.
import type { Exchange } from '../../contract/exchange.ts';
import type { Attempt, Cancellable, Origin, OriginDialEvents, TunnelEvents } from '../../contract/target.ts';
import { formatHostPort } from '../../core/address.ts';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import type { Group } from '../../services/balance/group.ts';
import type { Member } from '../../services/balance/member.ts';
import type { Outcome } from '../../services/balance/outcome.ts';
import type { ChainAsk, ChainAttempt, ChainDialler, ChainFailure, ChainLink } from '../../services/chain/chain-link.ts';
import { type IsTold, tagsAt } from '../../services/chain/hop-tags.ts';
import { chainError, watchLink } from '../../services/chain/link-watch.ts';
import type { Credentials, ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import type { Goal } from './direct.ts';
import { plainOrigin } from './plain-origin.ts';
import { nameOf, trailOf } from './trail.ts';

/** The chain as it is used here: the member of the last hop may be picked outside of it. */
export interface HopChain extends ChainDialler {
  readonly groups: readonly Group<ProxyEndpoint>[];
}

/** What requests with the same name have in common. */
export interface Session {
  /** The same for the same name of the same user; empty without a session. */
  readonly key: string;
  /** 0: as configured. */
  readonly ttlMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Which members the sessions are bound to, and who they are there. */
export interface HopSessions {
  /** See ChainAsk. */
  choose(session: Session, group: Group<ProxyEndpoint>, tried: Tried): Member<ProxyEndpoint> | null | undefined;
  credentialsFor(session: Session, endpoint: ProxyEndpoint): Credentials | null;
  /** Whether the proxies of this hop are told the value of this label. */
  tells(hop: string, label: string): boolean;
}

type Tried = ReadonlySet<Member<ProxyEndpoint>>;

/** An origin that is reached through a member of the last hop, or is that member. */
interface HopOrigin extends Origin {
  readonly via: ViaHops;
  readonly member: Member<ProxyEndpoint>;
  /** Where the last request goes: a proxy may want to authenticate before it. */
  goal: Goal;
  /** The last attempt got no further than a hop before its member, where no other member does better. */
  isCutOff: boolean;
  /** How the last attempt to reach it failed. */
  failures: readonly ChainAttempt[];
}

/** The use of a member for one request in absolute-form. */
interface HopUse {
  /** What its member calls it. */
  readonly began: number;
  /** Whom it is for. That a tunnel gets there says nothing of requests: the server may accept and then be silent. */
  readonly target: string;
}

/** Origins that are kept for requests to come; those beyond are made anew. */
const MAX_ORIGINS = 1000;

/** Answers of a proxy that may be about what lies behind it. */
const AMBIGUOUS_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** What goes wrong with a request that a proxy has taken, and may be its own fault as well as that of what lies behind it. */
const AMBIGUOUS_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_reset',
  'upstream_timeout',
  'upstream_invalid',
  'upstream_unavailable',
]);

export class ViaHops {
  private readonly chain: HopChain;
  private readonly sessions: HopSessions;
  private readonly last: Group<ProxyEndpoint>;
  private readonly origins = new Map<string, HopOrigin>();
  /** By the tickets of their requests. */
  private readonly uses = new Map<number, HopUse>();
  private tickets = 0;
  private readonly isTold: IsTold = (hop, label) => this.sessions.tells(hop, label);

  constructor(chain: HopChain, sessions: HopSessions) {
    const last = chain.groups.at(-1);
    if (last === undefined) throw new SluiceError('internal', { message: 'a chain without hops' });
    this.chain = chain;
    this.sessions = sessions;
    this.last = last;
  }

  connect(exchange: Exchange, goal: Goal, events: TunnelEvents): Cancellable {
    return this.chain.dial(goal, this.askFor(sessionOf(exchange, goal)), {
      onConnected: (link) => {
        watchLink(link);
        this.note(exchange, link);
        events.connected(link.connection, link.leftover);
      },
      onFailed: (failure) => {
        exchange.trail = trailOf(failure.attempts);
        events.failed(chainError(failure));
      },
    });
  }

  /** For a request in absolute-form. */
  select(exchange: Exchange, goal: Goal, tried: readonly Origin[]): Origin | null {
    const session = sessionOf(exchange, goal);
    if (tried.length > 0) exchange.trail = trailOf(tried.flatMap((origin) => (origin as HopOrigin).failures));
    const member = tried.some(isCutOff) ? null : this.pick(session, membersOf(tried));
    if (member === null) {
      if (tried.length > 0) return null;
      throw this.exhausted();
    }
    exchange.exit = nameOf(this.last.name, member.id);
    exchange.ticket = this.tickets += 1;
    const target = `http://${formatHostPort(goal.host, goal.port)}`;
    this.uses.set(exchange.ticket, { began: member.begin(), target });
    return this.originOf(session, goal, member);
  }

  /** Whether another member could be picked after these. */
  mayDoBetter(exchange: Exchange, goal: Goal, tried: readonly Origin[]): boolean {
    const session = sessionOf(exchange, goal);
    const exclude = membersOf(tried);
    if (session.key !== '') return this.pick(session, exclude) !== null;
    const candidates = this.last.explain({ exclude, tags: this.at(this.last, session).tags });
    return candidates.some(({ fits, obstacle }) => fits && obstacle === null);
  }

  report(attempt: Attempt): void {
    const use = this.uses.get(attempt.ticket);
    if (use === undefined) return;
    this.uses.delete(attempt.ticket);
    (attempt.origin as HopOrigin).member.end(use.began, outcomeOf(attempt, use.target));
  }

  private pick(session: Session, failed: Tried): Member<ProxyEndpoint> | null {
    return this.choose(session, this.last, failed);
  }

  private choose(asked: Session, group: Group<ProxyEndpoint>, tried: Tried): Member<ProxyEndpoint> | null {
    const session = this.at(group, asked);
    const chosen = this.sessions.choose(session, group, tried);
    if (chosen !== undefined) return chosen;
    return group.pick({ key: keyOf(session), exclude: tried, tags: session.tags });
  }

  /** With the labels that this hop has to do with. */
  private at(group: Group<ProxyEndpoint>, session: Session): Session {
    const tags = tagsAt(group, this.chain.groups, session.tags, this.isTold);
    return tags === session.tags ? session : { ...session, tags };
  }

  private exhausted(): SluiceError {
    const { name } = this.last;
    const seconds = this.last.retryAfterSeconds();
    return new SluiceError('hops_exhausted', {
      message: `no proxy of ${name} can be used at the moment`,
      retryAfterMs: seconds === null ? null : seconds * 1000,
    });
  }

  private askFor(session: Session): ChainAsk {
    return {
      key: keyOf(session),
      tags: session.tags,
      choose: (group, tried) => this.choose(session, group, tried),
      credentialsFor: (endpoint) => this.sessions.credentialsFor(session, endpoint),
    };
  }

  private note(exchange: Exchange, { hops, attempts }: ChainLink): void {
    const last = hops.at(-1);
    exchange.exit = last === undefined ? '' : nameOf(last.hop, last.member.id);
    exchange.trail = trailOf(attempts);
  }

  private originOf(session: Session, goal: Goal, member: Member<ProxyEndpoint>): HopOrigin {
    const end = speaksHttp(member.data) ? '' : `${goal.host}:${goal.port}`;
    // What a provider is told of a session also depends on its time and on the tags.
    const key = `${member.id}\n${session.key}\n${session.ttlMs}\n${end}\n${JSON.stringify(session.tags)}`;
    const known = this.origins.get(key);
    if (known !== undefined && known.member === member) {
      known.goal = goal;
      known.isCutOff = false;
      known.failures = [];
      return known;
    }
    const [oldest] = this.origins.keys();
    if (this.origins.size >= MAX_ORIGINS && oldest !== undefined) this.origins.delete(oldest);
    const origin = this.createOrigin(session, goal, member);
    this.origins.set(key, origin);
    return origin;
  }

  private createOrigin(session: Session, goal: Goal, member: Member<ProxyEndpoint>): HopOrigin {
    const isProxy = speaksHttp(member.data);
    const { host, port } = isProxy ? member.data : goal;
    const label = nameOf(this.last.name, member.id);
    const ask: ChainAsk = {
      ...this.askFor(session),
      choose: (group, tried) => {
        if (group !== this.last) return this.choose(session, group, tried);
        return tried.has(member) ? null : member;
      },
    };
    const dialler = { dial: (events: OriginDialEvents): void => this.dialOrigin(origin, ask, events) };
    const origin: HopOrigin = {
      ...plainOrigin({ host, port, ...(isProxy && { name: label }), label, isProxy, dialler }),
      via: this,
      member,
      goal,
      isCutOff: false,
      failures: [],
    };
    return origin;
  }

  private dialOrigin(origin: HopOrigin, ask: ChainAsk, events: OriginDialEvents): void {
    const { goal, isProxy } = origin;
    this.chain.dial(
      isProxy ? null : goal,
      { ...ask, firstRequestTo: goal },
      {
        onConnected: (link) => {
          watchLink(link);
          origin.failures = link.attempts;
          events.connected(link.connection, link.timings, link.auth);
        },
        onFailed: (failure) => {
          // Whoever asked for this decides within the call what to do next.
          origin.failures = failure.attempts;
          origin.isCutOff = this.failedBeforeLast(failure);
          events.failed(chainError(failure));
        },
      },
    );
  }

  /** The member of the last hop was given, so when a hop had nobody left, it was another one. */
  private failedBeforeLast({ error, attempts }: ChainFailure): boolean {
    return error.code === 'hops_exhausted' || attempts.at(-1)?.hop !== this.last.name;
  }
}

function sessionOf({ user, session, sessionTtlMs }: Exchange, { way }: Goal): Session {
  return { key: sessionKey(user, session), ttlMs: sessionTtlMs, tags: way.tags };
}

/** Sessions of two users never meet, whatever they are called. */
export function sessionKey(user: string, session: string): string {
  return session === '' || user === '' ? session : `${user} ${session}`;
}

/** Without a session any member will do. */
function keyOf({ key }: Session): string | null {
  return key === '' ? null : key;
}

function speaksHttp({ protocol }: ProxyEndpoint): boolean {
  return protocol === 'http' || protocol === 'https';
}

function membersOf(origins: readonly Origin[]): Tried {
  return new Set(origins.map((origin) => (origin as HopOrigin).member));
}

function isCutOff(origin: Origin): boolean {
  return (origin as HopOrigin).isCutOff;
}

/**
 * What the end of a request says about the member that it went to. What went wrong while dialling was judged there. Through
 * a proxy that takes whole URLs, one bad server looks like a bad proxy: only several servers that others reach tell.
 */
function outcomeOf({ origin, code, status, durationMs: latencyMs }: Attempt, target: string): Outcome {
  if (code === 'hop_auth_failed') return { kind: 'auth_failed', reason: code };
  const isSuspicious = code === null ? AMBIGUOUS_STATUSES.has(status) : AMBIGUOUS_CODES.has(code);
  if (isSuspicious && origin.isProxy) return { kind: 'ambiguous', target, reason: code ?? 'upstream_unavailable' };
  return code === null && status !== 0 ? { kind: 'success', latencyMs, target } : { kind: 'neutral' };
}
