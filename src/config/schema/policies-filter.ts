// The policy `filter`: which hosts may be reached.

import { z } from 'zod';
import { filePath, hostPattern } from './fields.ts';

export interface FilterPolicy {
  readonly mode: 'blocklist' | 'allowlist';
  readonly domains: readonly string[];
  readonly files: readonly string[];
}

export const filterPolicy: z.ZodType<FilterPolicy> = z.strictObject({
  mode: z
    .enum(['blocklist', 'allowlist'])
    .prefault('blocklist')
    .describe('`blocklist` refuses what is listed, `allowlist` refuses everything else.'),
  domains: z
    .array(hostPattern())
    .prefault([])
    .describe('Names and addresses. A name stands for itself alone, `*.` in front for every name below it.')
    .meta({ samples: [['malicious.com', '*.ads.example.com']] }),
  files: z
    .array(filePath())
    .prefault([])
    .describe(
      'Lists in files: a name on each line, as in `domains`; hosts files; `||name^`, the name and all below it.',
    )
    .meta({ samples: [['blocked.txt']] }),
});
