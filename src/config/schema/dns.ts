// Section dns: who is asked what names resolve to. Rule: without servers the resolver of the system decides, with all it knows.

import { z } from 'zod';
import { dnsServer } from './fields.ts';

export interface DnsConfig {
  /** Addresses with or without a port; empty = the system's resolver. */
  readonly servers: readonly string[];
}

export const dnsSchema: z.ZodType<DnsConfig> = z
  .strictObject({
    servers: z
      .array(dnsServer())
      .prefault([])
      .describe(
        'DNS servers to ask for the addresses of servers, proxies and backends, whose times to live then count. Empty: the resolver of the system is asked, which also knows /etc/hosts.',
      )
      .meta({ samples: [['10.0.0.2', '[fd00::2]:5353']] }),
  })
  .prefault({})
  .describe('How names are resolved.');
