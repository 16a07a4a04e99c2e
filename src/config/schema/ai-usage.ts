// Of the section ai: how long is kept what has been used, and what it costs. Rule: prices are those of the user's contract; none is known
// without being written down.
import { z } from 'zod';
import { duration } from './fields.ts';

export interface AiUsageConfig {
  /** Milliseconds. */
  readonly keep: number;
  /** Milliseconds. */
  readonly keep_sums: number;
}

export interface AiPrice {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

export type AiPrices = Readonly<Record<string, AiPrice>>;

export const aiUsageSchema: z.ZodType<AiUsageConfig> = z
  .strictObject({
    keep: duration({ min: '1d', max: '3650d' })
      .prefault('90d')
      .describe('How long it is kept what each request and each session has used, in `process.data_dir`.'),
    keep_sums: duration({ min: '1d', max: '3650d' })
      .prefault('1095d')
      .describe('How long the sums of each day are kept, by user, account and model; never shorter than `keep`.'),
  })
  .describe('What users, accounts, models and sessions have used.');

function price(what: string): z.ZodType<number> {
  return z
    .number('expected a price, such as 3 or 0.30')
    .min(0, 'expected a price of 0 or more')
    .prefault(0)
    .describe(what);
}

export const aiPricesSchema: z.ZodType<AiPrices> = z
  .record(
    z.string().regex(/^[^*\s]*\*?$/, 'expected the name of a model, or its beginning and a *'),
    z.strictObject({
      input: price('Of what was sent.'),
      output: price('Of what was answered.'),
      cache_read: price('Of what was sent and read from the cache of the provider.'),
      cache_write: price('Of what was sent and written to the cache of the provider.'),
    }),
  )
  .describe(
    'What a million tokens of a model cost, by its name or its beginning and a `*`; the longest that fits counts.',
  )
  .meta({ samples: [{ 'claude-sonnet-*': { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 } }] });
