// The second tier of the cache: answers on a server that nodes share. Rule: whatever is wrong with it is a miss, and costs no more than its
// time-out; what takes its turn there is written behind, when the client has long been answered.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isFresh, uselessAtMs } from '../answer-meta.ts';
import { PURGES_KEPT_MS, PURGES_KEY, tellPurge, wasPurged } from './purge-text.ts';
import { Breaker } from '../../../state/breaker.ts';
import { type TierAnswer, tierAnswer, tierText } from './tier-entry.ts';
import type { TierServer } from './tier-server.ts';

export interface TierQuestion {
  readonly key: string;
  /** Of those who want the same, one fetches. */
  readonly flightKey: string;
  readonly varyKeyOf: (names: readonly string[]) => string;
}

type Lease = 'mine' | 'taken' | 'alone';

const TIER_PREFIX = 'sluice:cache:1';
/** A larger body is not worth its way there and back. */
export const MOST_TIER_BYTES = 1_048_576;
/** What is on its way there at once. */
const MOST_PENDING_BYTES = 16_777_216;
/** Who fetches has so long until others do it themselves. */
const LEASE_MS = 10_000;
/** Nobody waits longer for another node. */
const MOST_WAIT_MS = 5_000;
const FIRST_LOOK_MS = 10;
const MOST_LOOK_MS = 200;
const ALONE = 'alone';
const ALONE_MS = 10_000;
/** Deletes a lease only if it is still ours. */
const GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

export class CacheTier {
  readonly #server: TierServer;
  readonly #nowMs: () => number;
  readonly #breaker: Breaker;
  readonly #leases = new Map<string, string>();
  #pendingBytes = 0;

  constructor(server: TierServer, nowMs: () => number = Date.now) {
    this.#server = server;
    this.#nowMs = nowMs;
    this.#breaker = new Breaker(nowMs);
  }

  /** So long one look may take, however many commands it needs. */
  bound(timeoutMs: number): void {
    this.#server.timeoutMs = timeoutMs;
  }

  /** What another node has kept, or is fetching. null: the origin is to be asked, and others may wait for it: see `settle`. */
  async ask(question: TierQuestion): Promise<TierAnswer | null> {
    const untilMs = this.#nowMs() + MOST_WAIT_MS;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(MOST_LOOK_MS, 2 * lookMs)) {
      const [lease, found] = await this.#lookOnce(question);
      if (found !== null) {
        this.settle(question.flightKey, false);
        return found;
      }
      if (lease !== 'taken' || this.#nowMs() >= untilMs) return null;
      await wait(lookMs, undefined, { ref: false });
    }
  }

  /** Written behind. Who waits for this flight finds it. */
  keep(key: string, answer: Omit<TierAnswer, 'keptAtMs'>): void {
    const nowMs = this.#nowMs();
    const { meta, body } = answer;
    const restMs = Math.min(PURGES_KEPT_MS, Math.floor(uselessAtMs(meta) - nowMs));
    if (restMs <= 0 || body.length > MOST_TIER_BYTES || this.#pendingBytes > MOST_PENDING_BYTES) return;
    const place = placeOf(key);
    const text = tierText({ ...answer, keptAtMs: nowMs });
    this.#pendingBytes += text.length;
    const names = JSON.stringify(meta.varyNames);
    void this.#send(['HSET', place, 'n', names, variantOf(meta.varyKey), text]).finally(() => {
      this.#pendingBytes -= text.length;
    });
    void this.#send(['PEXPIRE', place, String(restMs)]);
  }

  /** The flight is over. `isAlone`: its answer is for nobody else, so nobody is to wait for the next one. */
  settle(flightKey: string, isAlone: boolean): void {
    const token = this.#leases.get(flightKey);
    if (token === undefined) return;
    this.#leases.delete(flightKey);
    const lease = leaseOf(flightKey);
    if (isAlone) void this.#send(['SET', lease, ALONE, 'PX', String(ALONE_MS)]);
    else void this.#send(['EVAL', GIVE_BACK, '1', lease, token]);
  }

  /** A request has changed what is behind this URL: no node is to give what it has kept of it. */
  purge(url: string): void {
    const purge = { from: '', atMs: this.#nowMs(), isSoft: false, orders: [{ kind: 'url', url } as const] };
    // What was not told is fresh elsewhere until its time is over, as it would be without us.
    if (!this.#mayAsk()) return;
    tellPurge(this.#server, purge).then(
      () => this.#breaker.answered(),
      () => this.#breaker.failed(),
    );
  }

  close(): void {
    this.#server.close();
  }

  async #lookOnce(question: TierQuestion): Promise<readonly [Lease, TierAnswer | null]> {
    const { flightKey } = question;
    // In this order: what is there when we have the lease nobody else is fetching.
    const looked = Promise.all([this.#lease(flightKey), this.#find(question)]);
    const tooLate = Promise.withResolvers<null>();
    // Where we ourselves are late an answer may lie there already: it is read first.
    const timer = setTimeout(setImmediate, this.#server.timeoutMs, tooLate.resolve, null).unref();
    const inTime = await Promise.race([looked, tooLate.promise]);
    clearTimeout(timer);
    if (inTime !== null) return inTime;
    // A lease that comes now is of use to nobody here.
    void looked.then(([lease]) => lease === 'mine' && this.settle(flightKey, false));
    return ['alone', null];
  }

  async #find({ key, varyKeyOf }: TierQuestion): Promise<TierAnswer | null> {
    const place = placeOf(key);
    // Most answers vary by nothing: then this is all.
    const reply = await this.#send(['HMGET', place, 'n', variantOf('')]);
    if (!Array.isArray(reply) || typeof reply[0] !== 'string') return null;
    const names = JSON.parse(reply[0]) as readonly string[];
    const text: unknown =
      names.length === 0 ? reply[1] : await this.#send(['HGET', place, variantOf(varyKeyOf(names))]);
    const found = typeof text === 'string' ? tierAnswer(text) : null;
    return found !== null && isFresh(found.meta, this.#nowMs()) && (await this.#isStillGood(found)) ? found : null;
  }

  /** Nothing was purged since that means it. */
  async #isStillGood({ meta, keptAtMs }: TierAnswer): Promise<boolean> {
    const purges = await this.#send(['ZRANGEBYSCORE', PURGES_KEY, String(keptAtMs - 1000), '+inf']);
    return Array.isArray(purges) && !purges.some((text) => wasPurged(meta, String(text)));
  }

  async #lease(flightKey: string): Promise<Lease> {
    const token = randomUUID();
    const lease = leaseOf(flightKey);
    // Two commands in one go, so that no more than servers of all versions understand is asked.
    const [taken, held] = await Promise.all([
      this.#send(['SET', lease, token, 'NX', 'PX', String(LEASE_MS)]),
      this.#send(['GET', lease]),
    ]);
    if (taken === 'OK') {
      this.#leases.set(flightKey, token);
      return 'mine';
    }
    return taken === undefined || held === ALONE ? 'alone' : 'taken';
  }

  /** One that is gone comes back as another: what is known of it is forgotten. */
  #mayAsk(): boolean {
    if (this.#server.isUp) return this.#breaker.mayAsk();
    this.#breaker.answered();
    return false;
  }

  /** undefined: it has not been asked, or has not answered. */
  async #send(args: readonly string[]): Promise<unknown> {
    if (!this.#mayAsk()) return undefined;
    try {
      const reply = await this.#server.send(args);
      this.#breaker.answered();
      return reply;
    } catch {
      this.#breaker.failed();
      return undefined;
    }
  }
}

function placeOf(key: string): string {
  return `${TIER_PREFIX}:a:${hashOf(key)}`;
}

function leaseOf(flightKey: string): string {
  return `${TIER_PREFIX}:l:${hashOf(flightKey)}`;
}

function variantOf(varyKey: string): string {
  return `v${hashOf(varyKey)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
