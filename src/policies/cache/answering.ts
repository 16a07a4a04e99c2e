// The response phase of the cache: what the origin has said is kept, or says that what is kept is good, or is a failure that what is kept
// stands in for. Rule: every flight is ended here, and every answer of which the cache knows says by Cache-Status what became of it.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import { cacheStatus, type CacheStatus } from '../../services/cache/rules/cache-status.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { invalidated } from '../../services/cache/rules/invalidation.ts';
import { isFailure, mayServeOnError } from '../../services/cache/rules/reuse.ts';
import type { Answered } from '../../services/cache/rules/storable.ts';
import { withDate } from './ask-origin.ts';
import { AnsweredFields } from './answered-fields.ts';
import { AskedFields } from './asked-fields.ts';
import type { CacheOptions } from './cache-options.ts';
import { FillBody } from './fill-body.ts';
import { give, type Kept, letGo, type Said } from './kept-answer.ts';
import { beginFilling, takeHead, takeNotModified } from './origin-answer.ts';
import { Filling } from '../../services/cache/store/filling.ts';
import { copyOfComing } from './copy-maker.ts';
import type { Turn } from './turn.ts';
import type { Turns } from './turns.ts';

export class Answering {
  private readonly options: CacheOptions;
  private readonly turns: Turns;
  private readonly nowMs: () => number;

  constructor(options: CacheOptions, turns: Turns) {
    this.options = options;
    this.turns = turns;
    this.nowMs = options.nowMs ?? Date.now;
  }

  take(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn === undefined) return;
    if (turn.kind === 'safe') this.takeAnswer(exchange, turn);
    else if (turn.kind === 'unsafe') this.takeUnsafe(exchange, turn);
    else this.tell(exchange, { hit: false, fwd: 'bypass' });
  }

  fill(exchange: Exchange, sink: BodySink): BodyTransform | null {
    const { filling = null, copy = null } = this.turns.get(exchange) ?? {};
    return filling === null || filling.status !== 'open' ? null : new FillBody(exchange, filling, sink, copy);
  }

  private takeAnswer(exchange: Exchange, turn: Turn): void {
    const { response } = exchange;
    const nowMs = this.nowMs();
    const failedBy = response.isOurs ? exchange.errorCode : null;
    if ((failedBy !== null || isFailure(response.status)) && this.standsIn(exchange, turn, failedBy, nowMs)) return;
    if (response.isOurs) this.takeOurs(exchange, turn, failedBy);
    else if (response.status === 304 && turn.asksByIt && turn.kept !== null)
      this.takeValid(exchange, turn, turn.kept, nowMs);
    else if (turn.wantsBody) this.takeNew(exchange, turn, nowMs);
    else this.takeHead(exchange, turn, nowMs);
  }

  /** What is kept in place of a failure, where that is allowed. */
  private standsIn(exchange: Exchange, turn: Turn, failedBy: ErrorCode | null, nowMs: number): boolean {
    const { kept } = turn;
    if (kept === null || !mayServeOnError(kept.stored.meta, nowMs)) return false;
    if (failedBy !== null && !isOfOrigin(failedBy)) return false;
    const { status } = exchange.response;
    turn.flight?.failed();
    turn.flight = null;
    turn.kept = null;
    this.options.store.hit(kept.stored, true);
    this.options.count(exchange.route, 'stale_on_error');
    const said = {
      hit: true,
      fwd: turn.fwd,
      fwdStatus: failedBy === null ? status : undefined,
      detail: 'stale-if-error',
    };
    give(exchange, kept, kept.stored.meta, this.said(said, turn));
    return true;
  }

  /** Nobody has answered, or somebody behind us did. */
  private takeOurs(exchange: Exchange, turn: Turn, failedBy: ErrorCode | null): void {
    if (failedBy !== null && isOfOrigin(failedBy)) turn.flight?.failed();
    else turn.flight?.release();
    turn.flight = null;
    this.tell(exchange, { hit: false, fwd: turn.fwd });
  }

  private takeValid(exchange: Exchange, turn: Turn, kept: Kept, nowMs: number): void {
    const { fields } = exchange.response;
    const answer = { status: 304, response: new FieldList(withDate(fields.entries(), nowMs)), nowMs };
    const meta = takeNotModified(kept.stored, turn, answer, this.options);
    turn.kept = null;
    this.options.store.hit(kept.stored);
    this.options.count(exchange.route, 'revalidated');
    give(exchange, kept, meta, this.said({ hit: false, fwd: turn.fwd, fwdStatus: 304, stored: true }, turn));
  }

  private takeHead(exchange: Exchange, turn: Turn, nowMs: number): void {
    const { status, fields } = exchange.response;
    if (turn.kept !== null) takeHead(turn.kept.stored, turn, { status, response: fields, nowMs }, this.options);
    this.tell(exchange, { hit: false, fwd: turn.fwd, fwdStatus: status });
  }

  private takeNew(exchange: Exchange, turn: Turn, nowMs: number): void {
    const { status, fields } = exchange.response;
    if (!fields.has('date')) fields.append('Date', new Date(nowMs).toUTCString());
    this.beginFilling(exchange, turn, nowMs);
    this.beginCopy(exchange, turn);
    letGo(turn.kept);
    turn.kept = null;
    const isStored = turn.filling !== null;
    this.options.count(exchange.route, isStored ? 'miss' : 'uncacheable');
    const detail = turn.refusal ?? undefined;
    this.tell(exchange, { hit: false, fwd: turn.fwd, fwdStatus: status, stored: isStored, detail });
  }

  /** The client gets what all others get that like the same encoding. */
  private beginCopy({ response }: Exchange, turn: Turn): void {
    const { copier, store } = this.options;
    const { filling, asked } = turn;
    if (copier === null || filling === null || filling.status !== 'open' || !filling.isKept) return;
    if (!copier.isWorth(response.status, filling.meta.fields, filling.bodyLength)) return;
    const encoding = copier.choose(asked);
    const copy = encoding === null ? null : copyOfComing(filling, encoding, { store, copier });
    if (encoding === null || !(copy instanceof Filling)) return;
    turn.copy = copy;
    copier.encode(response.fields, encoding);
  }

  private takeUnsafe(exchange: Exchange, turn: Turn): void {
    const { response, request } = exchange;
    const { status, fields, isOurs } = response;
    if (!isOurs) {
      const { store } = this.options;
      const isLast = store.purgeClock === turn.since;
      for (const url of invalidated(request.method, turn.url, status, fields)) this.purge(url);
      // Its own answer is newer than what it has driven out.
      if (isLast) turn.since = store.purgeClock;
      if (request.method === 'POST') this.beginFilling(exchange, turn, this.nowMs());
    }
    this.tell(exchange, { hit: false, fwd: 'method', fwdStatus: isOurs ? undefined : status });
  }

  private purge(url: string): void {
    this.options.store.purge({ kind: 'url', url });
    this.options.tier?.purge(url);
  }

  private beginFilling(exchange: Exchange, turn: Turn, nowMs: number): void {
    const { request, response, route } = exchange;
    const { status } = response;
    const fields = new AnsweredFields(response.fields);
    const answered: Answered = {
      method: request.method,
      url: turn.url,
      host: request.host,
      route,
      request: new AskedFields(request.fields, turn),
      status,
      response: fields,
      requestedAtMs: turn.requestedAtMs,
      respondedAtMs: nowMs,
    };
    const length = status === 204 ? '0' : fields.get('content-length');
    turn.filling = beginFilling(answered, turn, length === undefined ? -1 : Number(length), this.options);
    // No body follows, so nobody will say that it has ended.
    if (Number(length) === 0) turn.filling?.end();
  }

  private said(status: CacheStatus, { asked }: Turn): Said {
    return { name: this.options.statusName, status, asked, nowMs: this.nowMs() };
  }

  private tell({ response }: Exchange, status: CacheStatus): void {
    const { statusName } = this.options;
    if (statusName !== null) response.fields.append('Cache-Status', cacheStatus(statusName, status));
  }
}

function isOfOrigin(code: ErrorCode): boolean {
  const { side } = ERROR_CATALOGUE[code];
  return side === 'upstream' || side === 'hop' || side === 'target';
}
