// The settings of the policy `cache`. Rule: by default it keeps what RFC 9111 allows and what nobody would be surprised to see again;
// everything beyond that is said.
import { z } from 'zod';
import { duration, headerName, nonEmptyText, share, size } from './fields.ts';

export interface CachePolicy {
  /** Bytes; null = what the section `cache` says. */
  readonly max_memory: number | null;
  /** Milliseconds; null = what the section `cache` says. */
  readonly default_ttl: number | null;
  /** Milliseconds by status. */
  readonly status_ttl: Readonly<Record<string, number>>;
  /** `share` is from 0 to 1, `max` in milliseconds. */
  readonly heuristics: { readonly share: number; readonly max: number } | false;
  /** Milliseconds. */
  readonly stale_while_revalidate: number;
  readonly stale_if_error: number;
  /** Bytes; null = an eighth of the memory. */
  readonly max_object: number | null;
  readonly set_cookie: 'keep' | 'strip' | 'refuse';
  readonly key: CacheKey;
  readonly bypass: { readonly headers: readonly string[]; readonly cookies: readonly string[] };
  readonly cache_status: boolean;
}

interface CacheKey {
  readonly ignore_query: readonly string[];
  readonly sort_query: boolean;
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
}

const STATUS = /^[2-5]\d\d$/;
const STATUS_EXPECTED = 'expected a status from 200 to 599, such as 404';
const YEAR = '365d';

const heuristics = z.strictObject({
  share: share().prefault('10%').describe('Which part of the time since `Last-Modified`.'),
  max: duration({ min: '0s', max: YEAR }).prefault('1d').describe('And never longer than this.'),
});

const key: z.ZodType<CacheKey> = z
  .strictObject({
    ignore_query: z
      .array(nonEmptyText())
      .prefault([])
      .describe('Names of the query that make no difference. `utm_*` stands for all that begin so.')
      .meta({ samples: [['utm_*', 'fbclid']] }),
    sort_query: z.boolean().prefault(false).describe('The order of the query makes no difference.'),
    headers: z
      .array(headerName())
      .prefault([])
      .describe('Fields of requests whose values tell answers apart, beside those that `Vary` names.')
      .meta({ samples: [['X-Tenant']] }),
    cookies: z
      .array(nonEmptyText())
      .prefault([])
      .describe('Cookies whose values tell answers apart.')
      .meta({ samples: [['lang']] }),
  })
  .prefault({})
  .describe('What answers are told apart by, beside route and URL.');

const bypass = z
  .strictObject({
    headers: z
      .array(headerName())
      .prefault([])
      .describe('Requests with one of these fields go to the server, and their answers are not kept.')
      .meta({ samples: [['X-Preview']] }),
    cookies: z
      .array(nonEmptyText())
      .prefault([])
      .describe('The same for requests with one of these cookies.')
      .meta({ samples: [['session']] }),
  })
  .prefault({})
  .describe('Requests that have nothing to do with the cache.');

export const cachePolicy: z.ZodType<CachePolicy> = z.strictObject({
  max_memory: size()
    .nullable()
    .prefault(null)
    .describe(
      'Memory of its own for what is cached here. `null`: that of the section `cache`, shared by all places without their own.',
    ),
  default_ttl: duration({ min: '0s', max: YEAR })
    .nullable()
    .prefault(null)
    .describe(
      'How long an answer of 200, 203, 204, 300, 301 or 308 is fresh that does not say so itself. Not for answers that set cookies, nor for requests with cookies or credentials. `null`: what the section `cache` says.',
    )
    .meta({ samples: ['300s'] }),
  status_ttl: z
    .record(z.string().regex(STATUS, STATUS_EXPECTED), duration({ min: '0s', max: YEAR }))
    .prefault({})
    .describe('The same by status, for example so that errors are asked for once in a while only.')
    .meta({ samples: [{ 404: '10s', 503: '1s' }] }),
  heuristics: z
    .union([z.literal(false), heuristics])
    .prefault(false)
    .describe('Guess the lifetime of answers that do not say it by their `Last-Modified`, before `default_ttl`.')
    .meta({ samples: [{ share: '10%', max: '1d' }] }),
  stale_while_revalidate: duration({ min: '0s', max: YEAR })
    .prefault('0s')
    .describe('For so long a stale answer is given while it is fetched anew, where the answer says nothing of that.'),
  stale_if_error: duration({ min: '0s', max: YEAR })
    .prefault('0s')
    .describe('For so long a stale answer stands in when the server fails, where the answer says nothing of that.'),
  max_object: size()
    .nullable()
    .prefault(null)
    .describe('An answer with a longer body is not kept. `null`: an eighth of the memory.')
    .meta({ samples: ['10MiB'] }),
  set_cookie: z
    .enum(['keep', 'strip', 'refuse'])
    .prefault('keep')
    .describe(
      'Of answers that set cookies and say how long they are fresh: `keep` them as they are, `strip` the cookies, or `refuse` to keep them.',
    ),
  key,
  bypass,
  cache_status: z.boolean().prefault(true).describe('Say by `Cache-Status` (RFC 9211) how an answer came about.'),
});
