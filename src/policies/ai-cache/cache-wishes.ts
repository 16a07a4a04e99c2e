// What a request says about answers that were given before (RFC 9111, 5.2.1), as far as it matters here. Rule: a wish that is not
// understood is as if it were not there.
import type { Fields } from '../../contract/exchange.ts';

export interface CacheWishes {
  /** Nothing of it is kept, and nothing that is kept is given. */
  readonly isOut: boolean;
  /** What is kept is not given, and the new answer takes its place. */
  readonly isFresh: boolean;
  /** What is older is not given. */
  readonly maxAgeMs: number;
}

const NO_WISHES: CacheWishes = { isOut: false, isFresh: false, maxAgeMs: Infinity };

export function cacheWishes(fields: Pick<Fields, 'getAll' | 'has'>): CacheWishes {
  if (!fields.has('cache-control')) return NO_WISHES;
  const words = fields
    .getAll('cache-control')
    .flatMap((list) => list.split(','))
    .map((word) => word.trim().toLowerCase());
  const maxAge = words.map((word) => /^max-age="?(\d{1,10})"?$/.exec(word)?.[1]).find((age) => age !== undefined);
  return {
    isOut: words.includes('no-store'),
    isFresh: words.includes('no-cache'),
    maxAgeMs: maxAge === undefined ? Infinity : Number(maxAge) * 1000,
  };
}
