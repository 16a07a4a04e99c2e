// Which member a session is bound to. The first choice goes by the session's key, so that every thread and machine makes
// the same one; from then on the binding holds. Rule: a session moves only when its member is gone or out, and only where
// it may; a single failure moves nothing. A binding ends with its time, however busy it is.
import type { Group } from '../balance/group.ts';
import type { Member } from '../balance/member.ts';
import { sharedNow } from '../balance/shared-clock.ts';

/** Bindings that others have made, and are told of. Names are opaque. */
export interface BindingsElsewhere {
  /** The id of the member; null: nobody has bound it. */
  find(name: string): string | null;
  bound(name: string, memberId: string, ttlMs: number, isMove: boolean): void;
}

export interface StickyOptions {
  /** How long a binding holds. */
  readonly ttlMs: number;
  /** It ends earlier when it is not used for this long. null: it does not. */
  readonly idleTtlMs?: number | null;
  /** The longest time that a session may ask for itself. Default: 24 h. */
  readonly maxTtlMs?: number;
  /** `strict`: a session whose member is out gets nobody. `flex`: it moves to another one. */
  readonly mode: 'strict' | 'flex';
  /** Those unused for longest are forgotten for new ones. Default: 100 000. */
  readonly maxSessions?: number;
  readonly now?: () => number;
  /** Of other nodes. */
  readonly elsewhere?: BindingsElsewhere | null;
  readonly onMove?: (move: SessionMove) => void;
}

export interface StickySession {
  /** Its own, with whoever it belongs to: sessions of two users never meet. */
  readonly key: string;
  /** What it asks for itself. */
  readonly ttlMs: number | null;
}

export interface SessionMove {
  readonly group: string;
  readonly session: string;
  readonly from: string;
  readonly to: string;
}

/** What else is asked of the member. */
export interface StickyAsk<T> {
  readonly exclude?: ReadonlySet<Member<T>> | null;
  readonly tags?: Readonly<Record<string, string>> | null;
}

/** How a session is bound. */
interface Wish<T> {
  readonly ask: StickyAsk<T>;
  /** Its member is gone. */
  readonly isMove: boolean;
}

interface Binding {
  readonly memberId: string;
  readonly endsAt: number;
  usedAt: number;
}

const DEFAULT_MAX_TTL_MS = 86_400_000;
const DEFAULT_MAX_SESSIONS = 100_000;
/** How many old bindings each pick looks at, so that those that ended don't stay. */
const SWEEP = 2;

export class StickySessions {
  readonly #options: StickyOptions;
  readonly #now: () => number;
  readonly #idleTtlMs: number;
  readonly #maxSessions: number;
  /** By group and session, the one unused for longest first. */
  readonly #bindings = new Map<string, Binding>();

  constructor(options: StickyOptions) {
    this.#options = options;
    this.#now = options.now ?? sharedNow;
    this.#idleTtlMs = options.idleTtlMs ?? Infinity;
    this.#maxSessions = options.maxSessions ?? DEFAULT_MAX_SESSIONS;
  }

  get size(): number {
    return this.#bindings.size;
  }

  /** The member for the next use of the session; null when nobody may have it. */
  pick<T>(group: Group<T>, session: StickySession, ask: StickyAsk<T> = {}): Member<T> | null {
    const now = this.#now();
    const name = nameOf(group, session.key);
    this.#sweep(now);
    const binding = this.#find(name, now);
    if (binding === null) return this.#bind(group, session, { ask, isMove: false });
    const bound = group.find(binding.memberId);
    if (bound === null || !mayKeep(bound, group, ask)) return this.#elsewhere(group, session, ask);
    this.#use(name, binding, now);
    // It has failed for this request; that alone breaks no binding.
    if (ask.exclude?.has(bound) !== true) return bound;
    return this.#options.mode === 'strict' ? null : group.pick({ ...ask, key: session.key });
  }

  /** The id of the member that the session is bound to. */
  boundTo<T>(group: Group<T>, sessionKey: string): string | null {
    return this.#find(nameOf(group, sessionKey), this.#now())?.memberId ?? null;
  }

  /** Somebody else has bound it otherwise, and that is what counts. */
  adopt(name: string, memberId: string): void {
    const binding = this.#find(name, this.#now());
    if (binding !== null) this.#bindings.set(name, { ...binding, memberId });
  }

  /** Ends a binding early. */
  forget<T>(group: Group<T>, sessionKey: string): void {
    this.#bindings.delete(nameOf(group, sessionKey));
  }

  #bind<T>(group: Group<T>, session: StickySession, { ask, isMove }: Wish<T>): Member<T> | null {
    const name = nameOf(group, session.key);
    const member = this.#choose(group, session, { ask, isMove });
    if (member === null) return null;
    this.#makeRoom();
    const now = this.#now();
    const ttlMs = Math.min(session.ttlMs ?? this.#options.ttlMs, this.#options.maxTtlMs ?? DEFAULT_MAX_TTL_MS);
    const binding = { memberId: member.id, endsAt: now + ttlMs, usedAt: now };
    this.#use(name, binding, now);
    this.#options.elsewhere?.bound(name, member.id, ttlMs, isMove);
    return member;
  }

  /** Whom it has elsewhere, if it has somebody. */
  #choose<T>(group: Group<T>, session: StickySession, { ask, isMove }: Wish<T>): Member<T> | null {
    const known = isMove ? null : (this.#options.elsewhere?.find(nameOf(group, session.key)) ?? null);
    const theirs = known === null ? null : group.find(known);
    if (theirs !== null && mayKeep(theirs, group, ask) && ask.exclude?.has(theirs) !== true) return theirs;
    if (known !== null && this.#options.mode === 'strict') return null;
    return group.pick({ ...ask, key: session.key });
  }

  #elsewhere<T>(group: Group<T>, session: StickySession, ask: StickyAsk<T>): Member<T> | null {
    if (this.#options.mode === 'strict') return null;
    const from = this.boundTo(group, session.key);
    const member = this.#bind(group, session, { ask, isMove: true });
    if (member !== null && from !== null) {
      this.#options.onMove?.({ group: group.name, session: session.key, from, to: member.id });
    }
    return member;
  }

  #find(name: string, now: number): Binding | null {
    const binding = this.#bindings.get(name);
    if (binding === undefined) return null;
    if (!this.#isOver(binding, now)) return binding;
    this.#bindings.delete(name);
    return null;
  }

  #isOver({ endsAt, usedAt }: Binding, now: number): boolean {
    return now >= endsAt || now - usedAt >= this.#idleTtlMs;
  }

  #use(name: string, binding: Binding, now: number): void {
    binding.usedAt = now;
    this.#bindings.delete(name);
    this.#bindings.set(name, binding);
  }

  #sweep(now: number): void {
    let looked = 0;
    for (const [name, binding] of this.#bindings) {
      if (looked === SWEEP) return;
      looked += 1;
      if (this.#isOver(binding, now)) this.#bindings.delete(name);
    }
  }

  #makeRoom(): void {
    for (const name of this.#bindings.keys()) {
      if (this.#bindings.size < this.#maxSessions) return;
      this.#bindings.delete(name);
    }
  }
}

function nameOf<T>(group: Group<T>, sessionKey: string): string {
  return `${group.name}\n${sessionKey}`;
}

/** A member that is being drained keeps the sessions that it has. */
function mayKeep<T>(member: Member<T>, group: Group<T>, { tags }: StickyAsk<T>): boolean {
  return member.hasTags(tags ?? null) && (group.admits(member) || member.obstacle === 'draining');
}
