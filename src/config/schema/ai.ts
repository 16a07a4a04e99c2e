// Section ai: the providers behind /claude and /chatgpt. Rule: credentials come out as a group, or as `passthrough`.

import { z } from 'zod';
import { aiCacheSchema, type AiCacheConfig, providerCacheSchema } from './ai-cache.ts';
import { type AiLimitsConfig, aiLimitsSchema } from './ai-limits.ts';
import { type AiPrices, aiPricesSchema, type AiUsageConfig, aiUsageSchema } from './ai-usage.ts';
import { STRATEGIES, type Strategy } from './balancing.ts';
import { hopChain } from './hop-chain.ts';
import { count, duration, filePath, headerMap, identifier, nonEmptyText, secret, size, url } from './fields.ts';

export interface ApiKeyCredential {
  readonly id: string | null;
  readonly weight: number;
  readonly api_key: string;
}

export interface StoreCredential {
  readonly id: string | null;
  readonly weight: number;
  readonly store: string;
}

/** As for hops and backends, and by what the provider says is left of each. */
export type AccountStrategy = Strategy | 'quota';
const ACCOUNT_STRATEGIES: readonly AccountStrategy[] = [...STRATEGIES, 'quota'];

export type Credential = ApiKeyCredential | StoreCredential;

export interface ProviderConfig {
  readonly prefix: string;
  readonly base: string;
  /** passthrough = the client's own. */
  readonly credentials: 'passthrough' | readonly Credential[];
  readonly strategy: AccountStrategy;
  readonly token_url: string | null;
  readonly beta: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** null = what `ai.cache` says. */
  readonly cache: AiCacheConfig | false | null;
}

export interface AiConfig {
  readonly enabled: boolean;
  readonly auth: 'users' | 'none';
  /** Milliseconds. */
  readonly request_timeout: number;
  /** Bytes. */
  readonly resend_body: number;
  /** Hop names in order; empty = direct. */
  readonly via: readonly string[];
  readonly cache: AiCacheConfig | false;
  readonly usage: AiUsageConfig;
  readonly prices: AiPrices;
  readonly limits: AiLimitsConfig;
  readonly providers: { readonly claude: ProviderConfig; readonly chatgpt: ProviderConfig };
}

const id = identifier()
  .nullable()
  .prefault(null)
  .describe('The name of this account in usage and the API. Without it: its number.')
  .meta({ samples: ['team'] });

const weight = count(1000)
  .prefault(1)
  .describe('Its share under the strategies `weighted`, `adaptive`, `quota` and the hashes.');

const credential: z.ZodType<Credential> = z.union([
  z.strictObject({
    id,
    weight,
    api_key: secret()
      .describe('An API key of the provider.')
      .meta({ samples: ['${ANTHROPIC_API_KEY}'] }),
  }),
  z.strictObject({
    id,
    weight,
    store: filePath()
      .describe('A file of OAuth credentials, kept fresh and written back readable by its owner only.')
      .meta({ samples: ['~/.claude/.credentials.json'] }),
  }),
]);

const credentials: z.ZodType<'passthrough' | readonly Credential[]> = z.union(
  [
    z.literal('passthrough'),
    credential.transform((one) => [one]),
    z.array(credential).min(1, 'expected at least one credential'),
  ],
  { error: 'expected passthrough, { api_key }, { store }, or a list of these two' },
);

interface ProviderDefaults {
  readonly prefix: string;
  readonly base: string;
  readonly token_url: string | null;
  readonly beta: string | null;
  readonly store: string;
}

function provider(defaults: ProviderDefaults): z.ZodType<ProviderConfig> {
  return z.strictObject({
    prefix: z
      .string()
      .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, 'expected a path such as /claude, without "/" at the end')
      .prefault(defaults.prefix)
      .describe('The path on the gateway that stands for this provider.'),
    base: url({ schemes: ['https', 'http'], example: defaults.base, path: true })
      .prefault(defaults.base)
      .describe('Where the provider is.'),
    credentials: credentials
      .prefault('passthrough')
      .describe(
        "What requests are sent with: `passthrough` (the client's own), `{ api_key: … }`, `{ store: … }`, or a list of these two, which is a group.",
      )
      .meta({ samples: [{ store: defaults.store }] }),
    strategy: z
      .enum(ACCOUNT_STRATEGIES)
      .prefault('round_robin')
      .describe(
        'How the account for a new conversation is chosen, if there are several. `quota`: the one that has the most left, as the provider tells.',
      ),
    token_url: url({ schemes: ['https', 'http'], example: 'https://console.anthropic.com/v1/oauth/token', path: true })
      .nullable()
      .prefault(defaults.token_url)
      .describe('Where OAuth credentials of a store are refreshed.'),
    beta: nonEmptyText()
      .nullable()
      .prefault(defaults.beta)
      .describe('Added to the beta header of the provider for OAuth credentials.'),
    headers: headerMap().prefault({}).describe('Header fields that every request to the provider gets.'),
    cache: providerCacheSchema.prefault(null),
  });
}

const claude = provider({
  prefix: '/claude',
  base: 'https://api.anthropic.com',
  token_url: 'https://console.anthropic.com/v1/oauth/token',
  beta: 'oauth-2025-04-20',
  store: '~/.claude/.credentials.json',
});

const chatgpt = provider({
  prefix: '/chatgpt',
  base: 'https://chatgpt.com/backend-api/codex',
  token_url: null,
  beta: null,
  store: '~/.codex/auth.json',
});

export const aiSchema: z.ZodType<AiConfig> = z
  .strictObject({
    enabled: z.boolean().prefault(false).describe('Answer `/claude/v1/*` and `/chatgpt/v1/*`.'),
    auth: z
      .enum(['users', 'none'])
      .prefault('users')
      .describe('`users` asks for the token of a user who may `ai`. `none` is possible on loopback only.'),
    request_timeout: duration().prefault('60s').describe("Until the head of the provider's answer has arrived."),
    resend_body: size()
      .prefault('4MiB')
      .describe(
        'Bodies up to this size are kept until the provider answers, so that a request can go out again with a fresh login or another account.',
      ),
    via: hopChain()
      .prefault([])
      .describe('Hops to reach the providers through.')
      .meta({ samples: ['corporate'] }),
    cache: aiCacheSchema.prefault(false),
    usage: aiUsageSchema.prefault({}),
    prices: aiPricesSchema.prefault({}),
    limits: aiLimitsSchema
      .prefault({})
      .describe('Bounds for every user of the providers; what a user has in `limits` goes before, key by key.'),
    providers: z
      .strictObject({
        claude: claude.prefault({}).describe('Anthropic.'),
        chatgpt: chatgpt.prefault({}).describe('OpenAI and ChatGPT.'),
      })
      .prefault({})
      .describe('The providers.'),
  })
  .prefault({})
  .describe('AI providers behind the gateway, with credentials and usage of your users.');
