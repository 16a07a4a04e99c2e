// Policies: what happens between a door and a target. Rule: the same keys stand at the top, under a door and under a
// route; the nearer one wins, and `false` switches a policy off that a farther place has switched on.

import { z } from 'zod';
import { limitsPolicy, type LimitsPolicy, timeoutPolicy, type TimeoutPolicy } from './policies-bounds.ts';
import { mirrorPolicy, type MirrorPolicy } from './policies-mirror.ts';
import { count, duration, headerName, network, rate, share, statusCode } from './fields.ts';
import { authPolicy, type AuthPolicy } from './policies-auth.ts';
import { cachePolicy, type CachePolicy } from './policies-cache.ts';
import { compress, type CompressPolicy } from './policies-compress.ts';
import { headersPolicy, type HeadersPolicy } from './policies-headers.ts';
import { type FilterPolicy, filterPolicy } from './policies-filter.ts';
import { scan, type ScanPolicy } from './policies-scan.ts';
import { withUserPolicies } from './user-policies.ts';

export interface AclPolicy {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly trusted_proxies: readonly string[];
}

export interface RateLimitPolicy {
  readonly per: 'client_ip' | 'user' | 'route' | 'global' | { readonly header: string };
  /** Requests per second. */
  readonly rate: number;
  /** null = as many as come in one second. */
  readonly burst: number | null;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly on_status: readonly number[];
  /** From 0 to 1. */
  readonly budget: number;
  /** Milliseconds; null = no bound beside those of each attempt. */
  readonly within: number | null;
}

/** An absent key leaves the decision to the farther place; false = off here. Keys that are paths stand for modules: see userPolicies. */
export interface Policies {
  readonly acl?: AclPolicy | false;
  readonly filter?: FilterPolicy | false;
  readonly scan?: ScanPolicy | false;
  readonly limits?: LimitsPolicy | false;
  readonly rate_limit?: RateLimitPolicy | false;
  readonly cache?: CachePolicy | false;
  readonly compress?: CompressPolicy | false;
  readonly headers?: HeadersPolicy | false;
  readonly auth?: AuthPolicy;
  readonly retry?: RetryPolicy | false;
  readonly mirror?: MirrorPolicy | false;
  readonly timeout?: TimeoutPolicy | false;
}

const acl: z.ZodType<AclPolicy> = z.strictObject({
  allow: z
    .array(network())
    .prefault([])
    .describe('Client addresses that may enter. Empty: all.')
    .meta({ samples: [['10.0.0.0/8']] }),
  deny: z.array(network()).prefault([]).describe('Client addresses that may not enter; goes before `allow`.'),
  trusted_proxies: z
    .array(network())
    .prefault([])
    .describe('Proxies in front of Sluice whose `X-Forwarded-For` is believed.')
    .meta({ samples: [['127.0.0.1/32']] }),
});

const rateLimit: z.ZodType<RateLimitPolicy> = z.strictObject({
  per: z
    .union(
      [
        z.enum(['client_ip', 'user', 'route', 'global']),
        z.strictObject({ header: headerName().describe('The field whose values are counted each for itself.') }),
      ],
      { error: 'expected client_ip, user, route, global or a map with `header`' },
    )
    .prefault('client_ip')
    .describe(
      'Whose requests are counted together: those of an address (of a /64 network, where that is IPv6), of a user, of a route, all, or those with one value of the field `header`. Who has no user or no such field is counted by address.',
    )
    .meta({ samples: ['client_ip', { header: 'X-Api-Key' }] }),
  rate: rate().prefault('100/s').describe('How many requests may come in the long run.'),
  burst: count()
    .nullable()
    .prefault(null)
    .describe('How many may come at once. `null`: as many as `rate` allows in one second.')
    .meta({ samples: [200] }),
});

/** Shared with the forward proxy, whose default is a different number of attempts. */
export function retryPolicy(attempts: number): z.ZodType<RetryPolicy> {
  return z.strictObject({
    attempts: count(10).prefault(attempts).describe('The most attempts for one request, the first one included.'),
    on_status: z
      .array(statusCode())
      .prefault([502, 503, 504])
      .describe('Answers that count as a failure. A retry happens only before anything was sent to the client.'),
    budget: share()
      .prefault('20%')
      .describe(
        'The most retries as a share of all requests, so that they cannot become a storm. A reserve of 1,000 lets a short outage pass.',
      ),
    within: duration()
      .nullable()
      .prefault(null)
      .describe('The most time for all attempts of one request together. `null`: only what each may take.')
      .meta({ samples: ['30s'] }),
  });
}

function orOff<T>(policy: z.ZodType<T>): z.ZodType<T | false> {
  return z.union([z.literal(false), policy]);
}

const ours = z.strictObject({
  acl: orOff(acl).exactOptional().describe('Who may enter, by address.'),
  filter: orOff(filterPolicy).exactOptional().describe('Which domains may be reached.'),
  scan: orOff(scan)
    .exactOptional()
    .describe('A scan of bodies for malware, by ClamAV.')
    .meta({ samples: [{ clamd: 'unix:/run/clamav/clamd.ctl', max_size: '10MiB', on_error: 'deny' }] }),
  limits: orOff(limitsPolicy)
    .exactOptional()
    .describe('What a request may be: its URL, head, body and method, and how many of one client may run at once.')
    .meta({ samples: [{ body: '2GiB', methods: ['GET', 'PUT'], concurrent: 20 }] }),
  rate_limit: orOff(rateLimit)
    .exactOptional()
    .describe('How many requests may come. What is too much is answered with 429.')
    .meta({ samples: [{ per: 'client_ip', rate: '100/s', burst: 200 }] }),
  cache: orOff(cachePolicy)
    .exactOptional()
    .describe('Keep answers and give them again, as RFC 9111 allows.')
    .meta({ samples: [{ default_ttl: '60s' }] }),
  compress: orOff(compress)
    .exactOptional()
    .describe('Compress answers that are worth it.')
    .meta({ samples: [{ encodings: ['br', 'gzip'] }] }),
  headers: orOff(headersPolicy).exactOptional().describe('Header fields that are set and removed.'),
  auth: authPolicy
    .exactOptional()
    .describe(
      '`users` lets in only those of the section `users` who may use this door, by their token; `forward` asks another server.',
    )
    .meta({ samples: ['users', { forward: 'http://auth:9000/verify', response_headers: ['Remote-User'] }] }),
  retry: orOff(retryPolicy(2))
    .exactOptional()
    .describe('Send a request again that failed before anything was answered.'),
  mirror: orOff(mirrorPolicy)
    .exactOptional()
    .describe('Copy a share of the requests to a second server and drop its answers. Of the gateway.')
    .meta({ samples: [{ to: 'http://next:8000', share: '10%' }] }),
  timeout: orOff(timeoutPolicy)
    .exactOptional()
    .describe('How long is waited for a server: 504 before anything was answered, a cut after that.')
    .meta({ samples: [{ response: '5s', total: '60s' }] }),
});

export const policiesSchema: z.ZodType<Policies> = withUserPolicies(ours);
