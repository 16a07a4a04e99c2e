// How much of the providers of AI somebody may use: for each user, and in the section ai for all of them. Rule: what a user has a word on
// holds for that user, key by key; `null` is a word too, and lifts the limit.
import { z } from 'zod';
import { count, oneOrMany } from './fields.ts';

export const AI_PROVIDERS = ['claude', 'chatgpt'] as const;

/** A key that is not there: nobody has said anything. null: no limit. */
export interface AiLimitsConfig {
  readonly ai_requests_per_minute?: number | null | undefined;
  readonly ai_streams?: number | null | undefined;
  readonly ai_tokens_per_day?: number | null | undefined;
  readonly ai_tokens_per_month?: number | null | undefined;
  readonly ai_cost_per_day?: number | null | undefined;
  readonly ai_cost_per_month?: number | null | undefined;
  readonly ai_providers?: readonly (typeof AI_PROVIDERS)[number][] | null | undefined;
  readonly ai_models?: readonly string[] | null | undefined;
}

function tokens(of: string): z.ZodType<number | null | undefined> {
  const message = 'expected a number of tokens, such as 2000000';
  return z
    .int({ error: message })
    .min(1, message)
    .nullable()
    .optional()
    .describe(`The most tokens of AI models in one ${of} (UTC).`);
}

function cost(of: string): z.ZodType<number | null | undefined> {
  const message = 'expected an amount above 0, such as 5 or 0.50';
  return z
    .number({ error: message })
    .positive(message)
    .nullable()
    .optional()
    .describe(`The most that the tokens of one ${of} (UTC) may cost, by \`ai.prices\` and in their unit.`);
}

function listed<T>(item: z.ZodType<T>, what: string): z.ZodType<T[]> {
  return oneOrMany(item).refine((all) => all.length > 0, `expected at least one ${what}`);
}

const model = z
  .string({ error: 'expected the name of a model, or its beginning and a *' })
  .regex(/^[^*\s]*\*?$/, 'expected the name of a model, or its beginning and a *')
  .min(1, 'expected the name of a model, or its beginning and a *');

export const aiLimitsSchema: z.ZodType<AiLimitsConfig> = z.strictObject({
  ai_requests_per_minute: count()
    .nullable()
    .optional()
    .describe('The most requests to providers of AI in one minute; so many may come at once.')
    .meta({ samples: [60] }),
  ai_streams: count()
    .nullable()
    .optional()
    .describe('The most requests to providers of AI that may be under way at once.')
    .meta({ samples: [8] }),
  ai_tokens_per_day: tokens('day').meta({ samples: [2_000_000] }),
  ai_tokens_per_month: tokens('month').meta({ samples: [30_000_000] }),
  ai_cost_per_day: cost('day').meta({ samples: [5] }),
  ai_cost_per_month: cost('month').meta({ samples: [100] }),
  ai_providers: listed(z.enum(AI_PROVIDERS), 'provider')
    .nullable()
    .optional()
    .describe('The providers of AI that may be asked. Without it: all.')
    .meta({ samples: [['claude']] }),
  ai_models: listed(model, 'model')
    .nullable()
    .optional()
    .describe('The models that may be asked for, by name or by its beginning and a `*`. Without it: all.')
    .meta({ samples: [['claude-haiku-*']] }),
});
