// Policy `ai-cache`: who asks a provider of AI the same again is given the same answer, from memory. Rule: only what is equal in all that an
// answer depends on is the same; nobody gets the answers of another user unless the configuration says so; and only answers that have
// come to their own end are kept.
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import { answerKey } from '../../services/answers/answer-key.ts';
import type { AnswerStore, KeptAnswer } from '../../services/answers/answer-store.ts';
import { aiSession } from '../../services/usage/ai-session.ts';
import type { TellUsage, TokenCounts } from '../../services/usage/usage-record.ts';
import { cacheWishes, type CacheWishes } from './cache-wishes.ts';
import { CollectedAnswer } from './collected-answer.ts';
import { decodeBytes, encodingOf } from '../../services/encodings/decoded-bytes.ts';
import { RepeatedAnswer } from './repeated-answer.ts';
import { isWholeAnswer } from './whole-answer.ts';

/** What became of a request that could have an answer from the cache. */
export type CacheResult = 'hit' | 'miss' | 'refresh' | 'bypass';

/** What a decoded answer says of itself. */
export type ReadAnswer = (decoded: Uint8Array, isStream: boolean) => { model: string; used: TokenCounts | null };

export interface AiCacheOptions {
  readonly provider: string;
  /** What else answers depend on: where they come from, and what the configuration adds to requests. */
  readonly scope: string;
  readonly store: AnswerStore;
  readonly ttlMs: number;
  /** A request whose body is longer is not looked at. */
  readonly maxRequestBytes: number;
  /** One user is given what another was answered. */
  readonly isShared: boolean;
  /** Requests go out with what the client has: whoever has something else is somebody else. */
  readonly goesByCredential: boolean;
  readonly read: ReadAnswer;
  /** `saved`: what a hit would have used. */
  readonly count: (result: CacheResult, saved: TokenCounts | null) => void;
  readonly tell: TellUsage;
}

/** One request on its way. */
interface Turn {
  result: CacheResult;
  /** null: its answer is not kept. */
  key: string | null;
  /** What the request calls it. */
  model: string;
  /** Its client wants the answer as it is made. */
  isStream: boolean;
  /** Told when it is known whether its answer is kept; null: nobody waits for it. */
  flight: PromiseWithResolvers<void> | null;
}

const FIELD = 'X-Sluice-Cache';
const KEPT = /\/(?:messages|messages\/count_tokens|responses|chat\/completions|embeddings)$/;
/** What an answer is made by, beside the body. */
const ASKING_FIELD =
  /^(?:anthropic-.*|openai-.*|accept|accept-encoding|accept-language|content-type|content-encoding)$/;
const CREDENTIAL_FIELD = /^(?:authorization|x-api-key|chatgpt-account-id)$/;
/** Of the one time when it was made, or of its connection. */
const PASSING_FIELD =
  /^(?:x-sluice-cache|age|date|expires|set-cookie|retry-after|server-timing|alt-svc|cf-.*|nel|report-to|connection|keep-alive|transfer-encoding|trailer|content-length|x-codex-.*|.*ratelimit.*)$/;
/** By these an answer depends on what was said before, or is only the beginning of one. */
const ASKED = new PickedPaths(['model', 'stream', 'conversation', 'container', 'background']);
const STREAM_TYPE = /^text\/event-stream\b/i;
const JSON_TYPE = /^application\/json\b/i;
const MAX_MODEL_CHARACTERS = 200;

const NOTHING_USED: TokenCounts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function aiCache(options: AiCacheOptions): Policy {
  const cache = new AiCache(options);
  return {
    name: 'ai-cache',
    request: (exchange) => cache.ask(exchange),
    response: (exchange) => cache.name(exchange),
    responseBody: (exchange, sink) => cache.collect(exchange, sink),
    done: (exchange) => cache.forget(exchange),
    foresee: ({ request }) =>
      isKept(request) ? 'gives again what the same was answered before, if it is kept' : 'keeps nothing of this',
  };
}

function isKept({ method, path, wantsUpgrade }: RequestView): boolean {
  return method === 'POST' && !wantsUpgrade && KEPT.test(path);
}

class AiCache {
  private readonly options: AiCacheOptions;
  /** What has waited for a body and is over by then is somebody else's request. */
  private readonly turns = new WeakMap<Exchange, Turn>();
  /** The first of those that ask the same, while it is under way. */
  private readonly leading = new Map<string, Turn>();

  constructor(options: AiCacheOptions) {
    this.options = options;
  }

  ask(exchange: Exchange): void | Promise<void> {
    const { request } = exchange;
    if (!isKept(request)) return;
    const turn: Turn = { result: 'bypass', key: null, model: '', isStream: false, flight: null };
    this.turns.set(exchange, turn);
    const wishes = cacheWishes(request.fields);
    if (!wishes.isOut && !this.isTooLong(request)) return this.lookUp(exchange, turn, wishes);
    this.options.count('bypass', null);
  }

  private isTooLong({ fields }: RequestView): boolean {
    return Number(fields.get('content-length') ?? 0) > this.options.maxRequestBytes;
  }

  private async lookUp(exchange: Exchange, turn: Turn, wishes: CacheWishes): Promise<void> {
    const { maxRequestBytes } = this.options;
    const { bytes, isWhole } = await exchange.readBody(maxRequestBytes + 1);
    const isFitting = isWhole && bytes.length > 0 && bytes.length <= maxRequestBytes;
    const encoding = encodingOf(exchange.request.fields.get('content-encoding'));
    const body = isFitting ? await decoded(bytes, encoding) : null;
    if (this.turns.get(exchange) !== turn) return;
    if (body === null || !this.understand(body, turn)) {
      this.options.count('bypass', null);
      return;
    }
    const key = this.keyOf(exchange, bytes);
    // Who waits for a whole answer may as well wait for that to the same question.
    const leader = wishes.isFresh || turn.isStream ? null : this.leading.get(key);
    await leader?.flight?.promise;
    if (this.turns.get(exchange) !== turn) return;
    const known = this.find(key, wishes);
    if (known !== null) this.repeat(exchange, turn, known);
    else this.expect(turn, key, wishes.isFresh ? 'refresh' : 'miss');
  }

  private find(key: string, { isFresh, maxAgeMs }: CacheWishes): KeptAnswer | null {
    const { store, ttlMs } = this.options;
    const nowMs = Date.now();
    store.forgetBefore(nowMs - ttlMs);
    return isFresh ? null : store.find(key, Math.min(ttlMs, maxAgeMs), nowMs);
  }

  /** False: its answer depends on more than can be seen. */
  private understand(body: Uint8Array, turn: Turn): boolean {
    const picked = new PickedValues(ASKED);
    picked.take(body, 0, body.length);
    const model = picked.get('model');
    if (typeof model === 'string') turn.model = model.slice(0, MAX_MODEL_CHARACTERS);
    turn.isStream = picked.get('stream') === true;
    const [conversation, container] = [picked.get('conversation') ?? null, picked.get('container') ?? null];
    return conversation === null && container === null && picked.get('background') !== true;
  }

  private keyOf({ user, request: { path, query, fields } }: Exchange, body: Uint8Array): string {
    const { provider, scope, isShared, goesByCredential } = this.options;
    const said = fields
      .entries()
      .map(([name, value]): [string, string] => [name.toLowerCase(), value])
      .filter(([name]) => ASKING_FIELD.test(name) || (goesByCredential && CREDENTIAL_FIELD.test(name)));
    return answerKey({ parts: [isShared ? '' : `user ${user}`, provider, scope, path, query], fields: said, body });
  }

  private expect(turn: Turn, key: string, result: CacheResult): void {
    turn.result = result;
    turn.key = key;
    this.options.count(result, null);
    if (this.leading.has(key)) return;
    turn.flight = Promise.withResolvers();
    this.leading.set(key, turn);
  }

  /** Whoever has waited for its answer goes on. */
  private land(turn: Turn): void {
    if (turn.flight === null) return;
    if (turn.key !== null) this.leading.delete(turn.key);
    turn.flight.resolve();
    turn.flight = null;
  }

  private repeat(exchange: Exchange, turn: Turn, known: KeptAnswer): void {
    const { provider, count, tell } = this.options;
    turn.result = 'hit';
    count('hit', known.used);
    const { user, request } = exchange;
    const owner = { provider, user, account: '', session: aiSession(request.fields), model: known.model };
    tell({ atMs: Date.now(), ...owner, isKnown: true, isCached: true, ...NOTHING_USED });
    RepeatedAnswer.give(exchange, known, Date.now());
  }

  name(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn !== undefined) exchange.response.fields.append(FIELD, turn.result);
  }

  collect(exchange: Exchange, sink: BodySink): BodyTransform | null {
    const { response } = exchange;
    const turn = this.turns.get(exchange);
    if (turn === undefined || turn.key === null || response.isOurs || response.status !== 200) return null;
    const type = response.fields.get('content-type') ?? '';
    const isStream = STREAM_TYPE.test(type);
    if (!isStream && !JSON_TYPE.test(type)) return null;
    const fields = response.fields.entries().filter(([name]) => !PASSING_FIELD.test(name.toLowerCase()));
    const { key, model } = turn;
    const encoding = encodingOf(response.fields.get('content-encoding'));
    return new CollectedAnswer(sink, this.options.store, (body) => {
      // From here on it is over when that is decided, which may be after its exchange is.
      const { flight } = turn;
      turn.flight = null;
      const answer = { fields, body, isStream, model, used: null, keptAtMs: Date.now() };
      this.keep(key, answer, encoding, () => this.land({ ...turn, flight }));
    });
  }

  private keep(key: string, answer: KeptAnswer, encoding: string, isDecided: () => void): void {
    const { store, read } = this.options;
    decodeBytes({ bytes: answer.body, encoding }, (plain) => {
      if (plain !== null && isWholeAnswer(plain, answer.isStream)) {
        const { model, used } = read(plain, answer.isStream);
        store.put(key, { ...answer, used, model: model === '' ? answer.model : model });
      }
      isDecided();
    });
  }

  forget(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn === undefined) return;
    this.turns.delete(exchange);
    this.land(turn);
  }
}

function decoded(bytes: Uint8Array, encoding: string): Promise<Uint8Array | null> | Uint8Array {
  if (encoding === '') return bytes;
  return new Promise((resolve) => decodeBytes({ bytes, encoding }, resolve));
}
