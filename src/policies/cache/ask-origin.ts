// Asks the origin in the background whether what was given though stale is still good. Rule: one at a time for a key, on the way that any
// request takes; whoever was given what is stale waits for nothing of it.
import type { AsideEvents } from '../../contract/aside.ts';
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { FieldLine } from '../../services/cache/answer-meta.ts';
import { fieldsToAskBy } from '../../services/cache/rules/conditions.ts';
import type { Answered } from '../../services/cache/rules/storable.ts';
import { isFailure } from '../../services/cache/rules/reuse.ts';
import type { Filling } from '../../services/cache/store/filling.ts';
import type { FlightWaiter } from '../../services/cache/store/flights.ts';
import type { StoredAnswer } from '../../services/cache/store/stored-answer.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { forAllNodes } from '../../services/cache/tier/tier-flight.ts';
import { AskedFields } from './asked-fields.ts';
import type { CacheOptions } from './cache-options.ts';
import { beginFilling, takeNotModified } from './origin-answer.ts';
import type { Turn } from './turn.ts';

const NOBODY: FlightWaiter = { joined: () => {}, again: () => {}, alone: () => {}, failed: () => {} };

export function askOrigin(exchange: Exchange, turn: Turn, stored: StoredAnswer, options: Background): void {
  const { store, askTimeoutMs, running, nowMs = Date.now } = options;
  if (running.has(turn.flightKey)) return;
  const claim = store.claim(turn.flightKey, NOBODY);
  if (claim === 'waiting') {
    store.leave(turn.flightKey, NOBODY);
    return;
  }
  running.add(turn.flightKey);
  // Where nobody waits for others, what runs here is still asked for once.
  const flight = claim === 'alone' ? null : forAllNodes(claim, options);
  const { path, query, authority, fields } = exchange.request;
  const asked: Turn = {
    ...turn,
    asked: new FieldList(fields.entries()),
    flight,
    requestedAtMs: nowMs(),
    since: store.purgeClock,
    kept: null,
  };
  const events = new AskedOrigin(asked, stored, answeredOf(exchange, asked), options);
  exchange.askAgain(
    {
      method: 'GET',
      target: (path === '' ? '/' : path) + query,
      authority,
      fields: fieldsToAskBy(fields, stored.meta),
      bodyLength: null,
      timeoutMs: askTimeoutMs,
    },
    events,
  );
}

export interface Background extends CacheOptions {
  /** What is being asked for. */
  readonly running: Set<string>;
}

type Question = Omit<Answered, 'status' | 'response' | 'respondedAtMs'>;

function answeredOf({ route, request: { host } }: Exchange, turn: Turn): Question {
  const { url, asked, requestedAtMs } = turn;
  return { method: 'GET', url, host, route, request: new AskedFields(asked, turn), requestedAtMs };
}

class AskedOrigin implements AsideEvents {
  private readonly turn: Turn;
  private readonly stored: StoredAnswer;
  private readonly question: Question;
  private readonly options: Background;
  private filling: Filling | null = null;

  constructor(turn: Turn, stored: StoredAnswer, question: Question, options: Background) {
    this.turn = turn;
    this.stored = stored;
    this.question = question;
    this.options = options;
  }

  head(status: number, fields: Fields): void {
    const nowMs = (this.options.nowMs ?? Date.now)();
    const response = new FieldList(withDate(fields.entries(), nowMs));
    if (status === 304) {
      takeNotModified(this.stored, this.turn, { status, response, nowMs }, this.options);
    } else if (isFailure(status)) {
      // What is kept is better than that for as long as it may be given.
      this.turn.flight?.failed();
      this.turn.flight = null;
    } else {
      const length = fields.get('content-length');
      const answered = { ...this.question, status, response, respondedAtMs: nowMs };
      this.filling = beginFilling(answered, this.turn, length === undefined ? -1 : Number(length), this.options);
      if (this.filling === null) this.options.store.drop(this.stored);
    }
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    this.filling?.write(bytes, from, to);
  }

  end(): void {
    this.options.running.delete(this.turn.flightKey);
    this.filling?.end();
  }

  failed(): void {
    this.options.running.delete(this.turn.flightKey);
    this.filling?.abort();
    this.turn.flight?.failed();
    this.turn.flight = null;
  }
}

/** When it came, where the origin does not say when it was made (RFC 9110, 6.6.1). */
export function withDate(fields: readonly FieldLine[], nowMs: number): readonly FieldLine[] {
  if (fields.some(([name]) => name.toLowerCase() === 'date')) return fields;
  return [...fields, ['Date', new Date(nowMs).toUTCString()]];
}
