// A session in a user name, the only place that browsers and most HTTP libraries let one write it: `alice-session-cart7`,
// `alice-session-cart7-ttl-10m`. Rule: read from the right, so that a user's own name may hold dashes; where users are
// known, a name is split only into a known user and a session, and a user's whole name is never split.
import { parseDuration } from '../../core/duration.ts';
import { SluiceError } from '../../core/errors.ts';

export interface NamedSession {
  readonly id: string;
  /** What was asked for; null: nothing. */
  readonly ttlMs: number | null;
}

export interface SplitName {
  /** May be empty where nobody has to give a name. */
  readonly user: string;
  readonly session: NamedSession | null;
}

/** Visible ASCII, as much as any provider takes. */
const SESSION_ID = /^[\x21-\x7e]{1,128}$/;
const TTL = /-ttl-([0-9.a-z]+)$/;
const PLACE = '{id}';

export class SessionSuffix {
  readonly #before: string;
  readonly #after: string;

  /** `session-{id}`: what stands around the id. */
  constructor(pattern: string) {
    const [before, after, ...more] = pattern.split(PLACE);
    if (before === undefined || before === '' || after === undefined || more.length > 0) {
      const message = `The pattern of sessions "${pattern}" needs ${PLACE} once, with something before it.`;
      throw new SluiceError('config_invalid', { message });
    }
    this.#before = before;
    this.#after = after;
  }

  split(name: string, isUser?: (user: string) => boolean): SplitName {
    const whole: SplitName = { user: name, session: null };
    if (isUser?.(name) === true) return whole;
    const [rest, ttlMs] = cutTtl(name);
    if (!rest.endsWith(this.#after)) return whole;
    const body = rest.slice(0, rest.length - this.#after.length);
    let rightmost: SplitName | null = null;
    for (const [user, id] of this.#splits(body)) {
      const split = { user, session: { id, ttlMs } };
      if (isUser === undefined || isUser(user)) return split;
      rightmost ??= split;
    }
    return rightmost ?? whole;
  }

  /** All ways to read it, from the right. */
  *#splits(body: string): Generator<readonly [user: string, id: string]> {
    const mark = `-${this.#before}`;
    for (let at = body.lastIndexOf(mark); at > 0; at = body.lastIndexOf(mark, at - 1)) {
      const id = body.slice(at + mark.length);
      if (SESSION_ID.test(id)) yield [body.slice(0, at), id];
    }
    const id = body.slice(this.#before.length);
    if (body.startsWith(this.#before) && SESSION_ID.test(id)) yield ['', id];
  }
}

function cutTtl(name: string): readonly [rest: string, ttlMs: number | null] {
  const match = TTL.exec(name);
  const ttlMs = match === null ? undefined : parseDuration(match[1] ?? '');
  if (match === null || ttlMs === undefined || ttlMs === 0) return [name, null];
  return [name.slice(0, match.index), ttlMs];
}
