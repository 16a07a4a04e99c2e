// The request phase of the cache: what is kept is given at once, what others are fetching is waited for, and all else goes to the origin.
// Rule: a hit makes nothing but what it sends; what a request will need later is written down only when it goes on.
import { NameSet } from '../../codec/http1/name-set.ts';
import type { Exchange, Fields } from '../../contract/exchange.ts';
import { answerFlags, type AnswerMeta } from '../../services/cache/answer-meta.ts';
import { KeyMaker } from '../../services/cache/rules/cache-key.ts';
import type { CacheStatus, Forwarded } from '../../services/cache/rules/cache-status.ts';
import { conditionsFor } from '../../services/cache/rules/conditions.ts';
import { FieldList, type FieldReader } from '../../services/cache/rules/field-reader.ts';
import {
  judge,
  mayServeOnError,
  NO_WISHES,
  type Verdict,
  type Wishes,
  wishesOf,
} from '../../services/cache/rules/reuse.ts';
import { varyKey } from '../../services/cache/rules/vary.ts';
import type { StoredAnswer } from '../../services/cache/store/stored-answer.ts';
import { askOrigin, type Background } from './ask-origin.ts';
import { TierFlight } from '../../services/cache/tier/tier-flight.ts';
import type { CacheOptions } from './cache-options.ts';
import { give, giveAsItComes, HIT, keep, type Kept, type Said } from './kept-answer.ts';
import { Presenting } from './presenting.ts';
import type { Beginning, Place, Turn } from './turn.ts';
import type { Turns } from './turns.ts';
import { type Outcome, Waiting } from './waiting.ts';

const ASKED_NAMES = [
  'cache-control',
  'pragma',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'range',
  'cookie',
  'authorization',
] as const;
const ASKED = new NameSet(ASKED_NAMES);
const WISHES = bits('cache-control', 'pragma');
const FOR_ORIGIN = bits('if-match', 'if-unmodified-since');
/** By these the answer may be another than the one that is kept. */
const OWN_CONDITIONS = bits('if-none-match', 'if-modified-since', 'if-range', 'range');
const COOKIE = bits('cookie');
const AUTHORIZATION = bits('authorization');
const REPLACED = new NameSet(['if-none-match', 'if-modified-since', 'if-range', 'range']);
/** A request looks again so often before it goes to the origin by itself. */
const MOST_LOOKS = 8;

function bits(...names: readonly (typeof ASKED_NAMES)[number][]): number {
  return names.reduce((sum, name) => sum | (1 << ASKED_NAMES.indexOf(name)), 0);
}

/** What was found in the place, and what has been asked. */
interface Look extends Place {
  readonly wishes: Wishes;
  /** Of `ASKED_NAMES`. */
  readonly has: number;
  readonly count: number;
  readonly variants: readonly StoredAnswer[];
  readonly stored: StoredAnswer | undefined;
}

export class Asking {
  private readonly options: CacheOptions;
  private readonly turns: Turns;
  private readonly keys: KeyMaker;
  private readonly nowMs: () => number;
  private readonly bypassNames: NameSet | null;
  private readonly background: Background;
  private readonly presenting: Presenting;

  constructor(options: CacheOptions, turns: Turns) {
    this.options = options;
    this.turns = turns;
    this.background = { ...options, running: new Set() };
    this.presenting = new Presenting(options, turns, (exchange, asked) => this.begin(exchange, asked, 'uri-miss'));
    this.keys = new KeyMaker(options.key);
    this.nowMs = options.nowMs ?? Date.now;
    this.bypassNames = options.bypassHeaders.length === 0 ? null : new NameSet(options.bypassHeaders);
  }

  ask(exchange: Exchange): void | Promise<void> {
    const { request } = exchange;
    const { method, fields } = request;
    const has = fields.whichOf(ASKED);
    const isRead = method === 'GET' || method === 'HEAD';
    const place = this.placeOf(exchange);
    if (!isRead || request.hasBody || request.wantsUpgrade || this.bypasses(fields, has)) {
      this.pass(exchange, place, isRead ? 'bypass' : 'method');
      return;
    }
    const wishes = (has & WISHES) === 0 ? NO_WISHES : wishesOf(fields);
    if ((has & FOR_ORIGIN) === 0) return this.look(exchange, { url: place.url, key: place.key, wishes, has, count: 0 });
    this.begin(exchange, { url: place.url, key: place.key, wishes, has }, 'request');
  }

  placeOf({ request, client, route }: Exchange): Place {
    const scheme = client.secure && !this.options.isForwardProxy ? 'https' : 'http';
    const { authority, path, query, fields } = request;
    const asked = { route, scheme, authority, path, query, request: fields };
    const url = this.keys.url(asked);
    return { url, key: this.keys.key(asked, url) };
  }

  bypasses(fields: Fields, has: number = fields.whichOf(ASKED)): boolean {
    if (this.bypassNames !== null && fields.whichOf(this.bypassNames) !== 0) return true;
    const { bypassCookies } = this.options;
    if (bypassCookies.length === 0 || (has & COOKIE) === 0) return false;
    return cookieNames(fields).some((name) => bypassCookies.includes(name));
  }

  /** Beside those that answers are told apart by. */
  private hasOtherCookies(fields: Fields): boolean {
    const { cookies } = this.options.key;
    return cookies.length === 0 || cookieNames(fields).some((name) => !cookies.includes(name));
  }

  private pass(exchange: Exchange, place: Place, fwd: Forwarded): void {
    this.begin(exchange, { ...place, wishes: NO_WISHES, has: exchange.request.fields.whichOf(ASKED) }, fwd);
    if (fwd === 'bypass') this.options.count(exchange.route, 'bypass');
  }

  private begin(exchange: Exchange, asked: Beginning, fwd: Forwarded): Turn {
    const { url, key, wishes, has } = asked;
    const turn: Turn = {
      kind: fwd === 'bypass' ? 'bypass' : fwd === 'method' ? 'unsafe' : 'safe',
      url,
      key,
      wishes,
      hasCookie: (has & COOKIE) !== 0 && this.hasOtherCookies(exchange.request.fields),
      hasAuthorization: (has & AUTHORIZATION) !== 0,
      wantsBody: exchange.request.method === 'GET',
      asked: exchange.request.fields,
      fwd,
      requestedAtMs: this.nowMs(),
      since: this.options.store.purgeClock,
      kept: null,
      asksByIt: false,
      flight: null,
      flightKey: key,
      waiting: null,
      filling: null,
      copy: null,
      refusal: null,
      isOver: false,
    };
    this.turns.set(exchange, turn);
    return turn;
  }

  // -- What is kept ------------------------------------------------------------------------------------------------

  private look(exchange: Exchange, asked: Omit<Look, 'variants' | 'stored'>): void | Promise<void> {
    const { store } = this.options;
    const { fields, method } = exchange.request;
    const variants = store.find(asked.key);
    const stored = variantFor(variants, fields);
    if (stored !== undefined) {
      const nowMs = this.nowMs();
      const verdict = judge(stored.meta, asked.wishes, nowMs);
      if (verdict !== 'ask') {
        const kept = keep(store, stored, {
          copier: this.options.copier,
          fields,
          has: asked.has & OWN_CONDITIONS,
          wantsBody: method === 'GET',
          nowMs,
        });
        if (kept !== null) return this.hit(exchange, kept, verdict, asked);
      }
    }
    const { url, key, wishes, has, count } = asked;
    return this.miss(exchange, { url, key, wishes, has, count, variants, stored });
  }

  private hit(
    exchange: Exchange,
    kept: Kept,
    verdict: Exclude<Verdict, 'ask'>,
    asked: Omit<Look, 'variants' | 'stored'>,
  ): void | Promise<void> {
    const { stored } = kept;
    this.options.store.hit(stored, verdict !== 'fresh');
    this.turns.delete(exchange);
    if (verdict === 'fresh') {
      this.options.count(exchange.route, 'hit');
      return this.presenting.present(exchange, kept, this.said(HIT, asked.has, exchange.request.fields), asked);
    }
    this.options.count(exchange.route, 'stale');
    if (verdict === 'ask-later') this.askLater(exchange, stored, asked);
    const detail = verdict === 'ask-later' ? 'stale-while-revalidate' : 'max-stale';
    const said = this.said({ hit: true, detail }, asked.has, exchange.request.fields);
    return this.presenting.present(exchange, kept, said, asked);
  }

  private askLater(exchange: Exchange, stored: StoredAnswer, asked: Omit<Look, 'variants' | 'stored'>): void {
    const turn = this.begin(exchange, asked, 'stale');
    this.turns.delete(exchange);
    turn.flightKey = flightKey(turn.key, [stored], exchange.request.fields);
    askOrigin(exchange, turn, stored, this.background);
  }

  // -- What is not -------------------------------------------------------------------------------------------------

  private miss(exchange: Exchange, look: Look): void | Promise<void> {
    const turn = this.begin(exchange, look, forwardedFor(look));
    if (look.wishes.onlyIfCached) {
      exchange.fail('not_in_cache');
      return;
    }
    turn.flightKey = flightKey(turn.key, look.variants, exchange.request.fields);
    if (look.count < MOST_LOOKS && mayShare(turn, look)) return this.share(exchange, turn, look);
    this.depart(exchange, turn, look);
  }

  private share(exchange: Exchange, turn: Turn, look: Look): void | Promise<void> {
    const { store, tier } = this.options;
    const claim = store.claimFree(turn.flightKey) ?? this.claimOrWait(exchange, turn);
    if (claim === 'waiting') return this.wait(exchange, turn, look);
    if (claim !== 'alone' && tier !== null)
      return this.askTier(exchange, turn, look, new TierFlight(claim, tier, store));
    if (claim !== 'alone') turn.flight = claim;
    this.depart(exchange, turn, look);
  }

  /** Most requests have nobody to wait for, and make nothing to wait by. */
  private claimOrWait({ route }: Exchange, turn: Turn): ReturnType<CacheOptions['store']['claim']> {
    const { store } = this.options;
    const waiting = new Waiting(
      (meta) => this.fits(meta, turn),
      (bytes) => store.coalesced(route, bytes),
      (filling) => this.presenting.see(filling, turn.asked),
    );
    const claim = store.claim(turn.flightKey, waiting);
    if (claim === 'waiting') turn.waiting = waiting;
    return claim;
  }

  /** Another node may have it, or be fetching it. */
  private async askTier(exchange: Exchange, turn: Turn, look: Look, flight: TierFlight): Promise<void> {
    turn.flight = flight;
    const { key, flightKey, asked } = turn;
    const varyKeyOf = (names: readonly string[]): string => varyKey(names, asked);
    const found = await flight.tier.ask({ key, flightKey, varyKeyOf });
    if (turn.isOver) {
      flight.tier.settle(flightKey, false);
      return;
    }
    if (found === null || judge(found.meta, turn.wishes, this.nowMs()) !== 'fresh') {
      this.depart(exchange, turn, look);
      return;
    }
    turn.flight = null;
    flight.take(key, found);
    await this.look(exchange, { ...look, count: look.count + 1 });
  }

  private fits(meta: AnswerMeta, { asked, wishes }: Turn): boolean {
    return varyKey(meta.varyNames, asked) === meta.varyKey && judge(meta, wishes, this.nowMs()) === 'fresh';
  }

  private async wait(exchange: Exchange, turn: Turn, look: Look): Promise<void> {
    if (turn.waiting === null) return;
    const outcome = await turn.waiting.outcome;
    if (turn.isOver) {
      if (outcome.kind === 'joined') outcome.body.cancel();
      return;
    }
    turn.waiting = null;
    await this.afterWait(exchange, turn, look, outcome);
  }

  private afterWait(exchange: Exchange, turn: Turn, look: Look, outcome: Outcome): void | Promise<void> {
    switch (outcome.kind) {
      case 'joined':
        this.turns.delete(exchange);
        this.options.count(exchange.route, 'coalesced');
        giveAsItComes(exchange, outcome, this.said({ hit: true, collapsed: true }, 0, turn.asked));
        return;
      case 'failed':
        this.afterFailure(exchange, turn, look);
        return;
      case 'alone':
        this.depart(exchange, turn, look);
        return;
      case 'unfit':
        // Another variant: those who want the same as this one have a flight of their own.
        turn.flightKey = flightKeyOf(turn.key, outcome.meta.varyNames, turn.asked);
        return look.count < MOST_LOOKS
          ? this.share(exchange, turn, { ...look, count: look.count + 1 })
          : this.depart(exchange, turn, look);
      case 'again':
        return this.look(exchange, { ...look, count: look.count + 1 });
    }
  }

  /** Others have found out that the origin fails. */
  private afterFailure(exchange: Exchange, turn: Turn, { stored, has }: Look): void {
    const { store, count } = this.options;
    const nowMs = this.nowMs();
    if (stored !== undefined && mayServeOnError(stored.meta, nowMs)) {
      const { copier } = this.options;
      const asked = { copier, fields: turn.asked, has: has & OWN_CONDITIONS, wantsBody: turn.wantsBody, nowMs };
      const kept = keep(store, stored, asked);
      if (kept !== null) {
        this.turns.delete(exchange);
        store.hit(stored, true);
        count(exchange.route, 'stale_on_error');
        const status: CacheStatus = { hit: true, fwd: turn.fwd, detail: 'stale-if-error' };
        give(exchange, kept, stored.meta, this.said(status, has, turn.asked));
        return;
      }
    }
    exchange.fail('upstream_unavailable', 'What another request was already asking the server for did not come.');
  }

  /** To the origin; what is kept stands by. */
  private depart(exchange: Exchange, turn: Turn, { stored, has }: Look): void {
    const { store } = this.options;
    const { fields } = exchange.request;
    store.missed(exchange.route);
    turn.requestedAtMs = this.nowMs();
    turn.since = store.purgeClock;
    if (stored === undefined) return;
    const { requestedAtMs: nowMs, wantsBody } = turn;
    const asked = { copier: this.options.copier, fields, has: has & OWN_CONDITIONS, wantsBody, nowMs };
    turn.kept = keep(store, stored, asked);
    const conditions = conditionsFor(stored.meta);
    if (turn.kept === null || !turn.wantsBody || conditions.length === 0) return;
    turn.asksByIt = true;
    turn.asked = new FieldList(fields.entries());
    if ((has & OWN_CONDITIONS) !== 0) fields.removeAll(REPLACED);
    for (const [name, value] of conditions) fields.append(name, value);
  }

  private said(status: CacheStatus, has: number, asked: FieldReader): Said {
    const { statusName: name } = this.options;
    return { name, status, asked: (has & OWN_CONDITIONS) === 0 ? null : asked, nowMs: this.nowMs() };
  }
}

function cookieNames(fields: Fields): string[] {
  const pairs = fields.getAll('cookie').join(';').split(';');
  return pairs.map((pair) => (pair.split('=', 1)[0] ?? '').trim()).filter((name) => name !== '');
}

function variantFor(variants: readonly StoredAnswer[], fields: FieldReader): StoredAnswer | undefined {
  for (const stored of variants) {
    const { varyNames, varyKey: own } = stored.meta;
    if (varyNames.length === 0 || varyKey(varyNames, fields) === own) return stored;
  }
  return undefined;
}

function forwardedFor({ stored, variants, wishes }: Look): Forwarded {
  if (stored !== undefined) return wishes === NO_WISHES ? 'stale' : 'request';
  return variants.length > 0 ? 'vary-miss' : 'uri-miss';
}

/** What has to be asked for each time is asked for by everybody for themselves. */
function mayShare({ wantsBody, wishes }: Turn, { stored, has }: Look): boolean {
  if (!wantsBody || wishes.noStore || wishes.noCache || wishes.maxAgeMs === 0) return false;
  if (stored === undefined) return (has & OWN_CONDITIONS) === 0;
  return stored.meta.lifetimeMs > 0 && (stored.meta.flags & answerFlags.alwaysAsk) === 0;
}

function flightKey(key: string, variants: readonly StoredAnswer[], fields: FieldReader): string {
  return flightKeyOf(key, variants[0]?.meta.varyNames ?? [], fields);
}

function flightKeyOf(key: string, names: readonly string[], fields: FieldReader): string {
  return names.length === 0 ? key : `${key}\n\n${varyKey(names, fields)}`;
}
