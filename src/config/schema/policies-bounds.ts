// The policies `limits` and `timeout`: what a request may be and how long is waited, at one place instead of everywhere.
// Rule: what is not said here is what the sections `limits` and `timeouts` say.

import { z } from 'zod';
import { count, duration, methodName, oneOrMany, size } from './fields.ts';

/** null = what holds everywhere. */
export interface LimitsPolicy {
  /** Bytes. */
  readonly url: number | null;
  /** Bytes. */
  readonly headers: number | null;
  readonly header_count: number | null;
  /** Bytes. */
  readonly body: number | null;
  /** In upper case. Empty = all. */
  readonly methods: readonly string[];
  /** null = as many as there are. */
  readonly concurrent: number | null;
}

/** All in milliseconds. null = what holds everywhere. */
export interface TimeoutPolicy {
  readonly connect: number | null;
  readonly response: number | null;
  readonly read: number | null;
  readonly tunnel_idle: number | null;
  /** null = without an end. */
  readonly total: number | null;
}

export const limitsPolicy: z.ZodType<LimitsPolicy> = z.strictObject({
  url: size()
    .nullable()
    .prefault(null)
    .describe('The longest request target, at most what the section `limits` says. Longer ones are answered with 414.')
    .meta({ samples: ['2KiB'] }),
  headers: size()
    .nullable()
    .prefault(null)
    .describe(
      'The largest head of a request, at most what the section `limits` says. Larger ones are answered with 431.',
    )
    .meta({ samples: ['8KiB'] }),
  header_count: count()
    .nullable()
    .prefault(null)
    .describe(
      'The most header fields in one request, at most what the section `limits` says. More are answered with 431.',
    )
    .meta({ samples: [50] }),
  body: size()
    .nullable()
    .prefault(null)
    .describe(
      'The largest request body, be it less or more than the section `limits` says. Larger ones are answered with 413.',
    )
    .meta({ samples: ['2GiB'] }),
  methods: oneOrMany(methodName())
    .prefault([])
    .describe('The methods that are taken, HEAD with GET. Others are answered with 405. Empty: all.')
    .meta({ samples: [['GET', 'POST']] }),
  concurrent: count()
    .nullable()
    .prefault(null)
    .describe(
      'How many requests of one client may run at once, on all threads together, and on all nodes that share a Redis; of IPv6 one /64 network is one client. What is too much is answered with 429. WebSockets and tunnels run for as long as they last.',
    )
    .meta({ samples: [20] }),
});

export const timeoutPolicy: z.ZodType<TimeoutPolicy> = z.strictObject({
  connect: duration()
    .nullable()
    .prefault(null)
    .describe('Until a connection to a server stands, TLS included. `null`: `timeouts.connect`.')
    .meta({ samples: ['2s'] }),
  response: duration()
    .nullable()
    .prefault(null)
    .describe(
      'From the end of a request to the head of the answer, for each attempt. An interim answer begins it anew. `null`: `timeouts.read`.',
    )
    .meta({ samples: ['5s'] }),
  read: duration()
    .nullable()
    .prefault(null)
    .describe(
      'The longest silence of a server within its answer, server-sent events included. `null`: `timeouts.read`.',
    )
    .meta({ samples: ['10m'] }),
  tunnel_idle: duration()
    .nullable()
    .prefault(null)
    .describe(
      'How long a tunnel, WebSocket or other upgraded connection may be silent. `null`: `timeouts.tunnel_idle`.',
    )
    .meta({ samples: ['24h'] }),
  total: duration()
    .nullable()
    .prefault(null)
    .describe(
      'From the head of a request to the last byte of its answer, with all attempts. Connections that are upgraded are free of it. `null`: without an end.',
    )
    .meta({ samples: ['60s'] }),
});
