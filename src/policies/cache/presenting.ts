// Gives what is kept, or is just coming, in the encoding that its client likes. Rule: a copy that is not there yet is made once for all who want it;
// where that cannot be, the client gets the answer as it came, and who stands before the cache may encode it.
import type { Exchange } from '../../contract/exchange.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';
import type { BodyReader } from '../../services/cache/store/body-reading.ts';
import type { JoinedFilling } from '../../services/cache/store/filling.ts';
import type { CacheOptions } from './cache-options.ts';
import { beginCopy, copyKey, copyOfComing } from './copy-maker.ts';
import { AS_IT_IS, give, giveAsItComes, hasIt, type Kept, letGo, missingCopy, type Said } from './kept-answer.ts';
import { KeptBody } from './kept-body.ts';
import type { Beginning, Turn } from './turn.ts';
import type { Turns } from './turns.ts';
import { type See, Waiting } from './waiting.ts';

export class Presenting {
  private readonly options: CacheOptions;
  private readonly turns: Turns;
  private readonly begin: (exchange: Exchange, asked: Beginning) => Turn;

  constructor(options: CacheOptions, turns: Turns, begin: (exchange: Exchange, asked: Beginning) => Turn) {
    this.options = options;
    this.turns = turns;
    this.begin = begin;
  }

  /** In the encoding that the client likes: what is not there in it is made so, once. */
  present(exchange: Exchange, kept: Kept, said: Said, asked: Beginning): void | Promise<void> {
    const { meta } = kept.stored;
    const encoding = missingCopy(kept);
    const { copier, store } = this.options;
    if (encoding === null || copier === null || exchange.request.method !== 'GET' || hasIt(meta, said)) {
      give(exchange, kept, meta, said);
      return;
    }
    const { key, serial, bodyLength } = kept.stored;
    const waiting = new Waiting(
      () => true,
      () => {},
    );
    const base = { key, meta, serial, bodyLength, read: (reader: BodyReader) => store.open(kept.stored, reader) };
    const begun = beginCopy(base, encoding, { store, copier }, waiting);
    if (begun === 'waiting') {
      const turn = this.begin(exchange, asked);
      Object.assign(turn, { kept, waiting, flightKey: copyKey(base, encoding) });
      return this.waitForCopy(exchange, turn, kept, said);
    }
    const body = begun === null ? null : KeptBody.open((reader) => begun.read(reader));
    if (body === null) {
      give(exchange, kept, meta, said);
      return;
    }
    letGo(kept);
    giveAsItComes(exchange, { meta, bodyLength: -1, body, view: kept.view }, said);
  }

  /** Another request has it made. */
  private async waitForCopy(exchange: Exchange, turn: Turn, kept: Kept, said: Said): Promise<void> {
    const outcome = await turn.waiting?.outcome;
    if (turn.isOver) {
      if (outcome?.kind === 'joined') outcome.body.cancel();
      return;
    }
    this.turns.delete(exchange);
    if (outcome?.kind !== 'joined') {
      give(exchange, kept, kept.stored.meta, said);
      return;
    }
    letGo(kept);
    giveAsItComes(exchange, { ...outcome, view: kept.view }, said);
  }

  /** Of what is just coming. */
  readonly see = (filling: JoinedFilling, asked: FieldReader): ReturnType<See> => {
    const { copier, store } = this.options;
    const { meta, bodyLength } = filling;
    if (copier === null || !copier.isWorth(meta.status, meta.fields, bodyLength))
      return { source: filling, view: AS_IT_IS };
    const encoding = copier.choose(asked);
    const copy = encoding === null ? null : copyOfComing(filling, encoding, { store, copier });
    return { source: copy ?? filling, view: { copier, encoding: copy === null ? null : encoding } };
  };
}
