// Policy `cache`: answers are kept and given again, as RFC 9111 allows. Rule: whatever is in doubt goes to the origin; nobody gets an answer
// of which not every byte is known to belong to it, and what may be stale is given only where origin and client allow it.
import type { Policy } from '../../contract/policy.ts';
import { Answering } from './answering.ts';
import { Asking } from './asking.ts';
import type { CacheOptions } from './cache-options.ts';
import { letGo } from './kept-answer.ts';
import type { Turn } from './turn.ts';
import { Turns } from './turns.ts';

/** A fetch that nobody waits for is finished when no more than this is missing. */
const WORTH_FINISHING_BYTES = 4_194_304;

export function cache(options: CacheOptions): Policy {
  const turns = new Turns();
  const asking = new Asking(options, turns);
  const answering = new Answering(options, turns);
  return {
    name: 'cache',
    keepsAnswers: true,
    request: (exchange) => asking.ask(exchange),
    response: (exchange) => answering.take(exchange),
    responseBody: (exchange, sink) => answering.fill(exchange, sink),
    outlivesClient: (exchange) => isWanted(turns.get(exchange)),
    done: (exchange) => {
      const turn = turns.get(exchange);
      if (turn === undefined) return;
      turns.delete(exchange);
      end(turn, options, exchange.errorCode === 'client_closed');
    },
  };
}

/** Others wait for it, or little is missing. */
function isWanted(turn: Turn | undefined): boolean {
  if (turn === undefined) return false;
  const { flight, filling, copy } = turn;
  if (flight !== null) return flight.waiting > 0;
  if (filling === null || filling.status !== 'open') return false;
  // Its own client reads the copy, and the copy is made of it.
  if (filling.readers > (copy === null ? 0 : 1) || (copy?.readers ?? 0) > 1) return true;
  return filling.isKept && filling.bodyLength >= 0 && filling.bodyLength - filling.written <= WORTH_FINISHING_BYTES;
}

/** Whatever has not come to its end will not. */
function end(turn: Turn, { store }: CacheOptions, hasLeft: boolean): void {
  turn.isOver = true;
  if (turn.waiting !== null) {
    store.leave(turn.flightKey, turn.waiting);
    turn.waiting.leave();
  }
  letGo(turn.kept);
  turn.flight?.release();
  if (turn.filling?.status === 'open') turn.filling.abort(hasLeft);
}
