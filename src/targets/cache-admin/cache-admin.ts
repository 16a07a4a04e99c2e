// The cache as users that may `admin` reach it by the gateway's door: GET …/stats, DELETE to purge. Rule: what it says and takes is what
// the admin door says and takes.
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { CacheDesk } from '../../services/cache/cache-desk.ts';
import { purgeWish } from '../../services/cache/purge-wish.ts';

export const CACHE_PATH = '/admin/cache';
const STATS_PATH = `${CACHE_PATH}/stats`;

export function cacheAdmin(desk: CacheDesk): AnswerTarget {
  return { kind: 'answer', take: (exchange) => exchange.produce(new WholeQuestion(exchange, desk)) };
}

/** The request is read to its end first, so that the connection can serve the next one. */
class WholeQuestion implements Producer {
  private readonly exchange: Exchange;
  private readonly desk: CacheDesk;

  constructor(exchange: Exchange, desk: CacheDesk) {
    this.exchange = exchange;
    this.desk = desk;
  }

  takeBody(): void {}

  takeEnd(): void {
    const { path } = this.exchange.request;
    const does = path === STATS_PATH ? { GET: true, HEAD: true } : path === CACHE_PATH ? { DELETE: true } : null;
    if (does === null) this.exchange.fail('route_not_found');
    else if (Object.hasOwn(does, this.exchange.request.method)) this.exchange.answer(this.answerTo(path));
    else this.refuseMethod(Object.keys(does).join(', '));
  }

  private answerTo(path: string): Answer {
    if (path === STATS_PATH) return json(this.desk.stats());
    return json(this.desk.purge(purgeWish(new URLSearchParams(this.exchange.request.query))));
  }

  private refuseMethod(allow: string): void {
    throw new SluiceError('method_not_allowed', { message: `There is ${allow} here.` });
  }

  resume(): void {}

  cancel(): void {}
}

function json(body: object): Answer {
  return {
    status: 200,
    fields: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body: JSON.stringify(body),
  };
}
