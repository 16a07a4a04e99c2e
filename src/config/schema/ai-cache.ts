// Of the section ai: answers that are given again to who asks the same. Rule: off until it is asked for, and nobody sees what another user
// was answered unless that is asked for as well.
import { z } from 'zod';
import { duration, size } from './fields.ts';

export interface AiCacheConfig {
  /** Milliseconds. */
  readonly ttl: number;
  /** Bytes. */
  readonly max_memory: number;
  /** Bytes. */
  readonly max_request: number;
  readonly shared: boolean;
}

const settings: z.ZodType<AiCacheConfig> = z.strictObject({
  ttl: duration().prefault('10m').describe('How old an answer may be that is given again.'),
  max_memory: size()
    .prefault('64MiB')
    .describe(
      'The most memory for answers, of all threads together. What was not asked for longest goes first; one answer has at most an eighth of what a thread has.',
    ),
  max_request: size()
    .prefault('1MiB')
    .describe('A request with a longer body is passed on without a look at the cache.'),
  shared: z
    .boolean()
    .prefault(false)
    .describe(
      '`true`: what one user was answered, another is given too. Otherwise each user has answers of their own.',
    ),
});

const SAMPLE = { ttl: '1h', max_memory: '256MiB' };

export const aiCacheSchema: z.ZodType<AiCacheConfig | false> = z
  .union([z.literal(false), settings])
  .describe(
    'Keep answers in memory, and give them again to who asks the very same. `false`: every request goes to the provider.',
  )
  .meta({ samples: [SAMPLE] });

export const providerCacheSchema: z.ZodType<AiCacheConfig | false | null> = z
  .union([z.null(), z.literal(false), settings])
  .describe('As `ai.cache`, for this provider alone, with memory of its own. `null`: what `ai.cache` says.')
  .meta({ samples: [SAMPLE] });
