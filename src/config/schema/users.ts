// Section users: who may use what. Rule: a user has one token, given as it is or as its hash, and may nothing by default.

import { z } from 'zod';
import { type AiLimitsConfig, aiLimitsSchema } from './ai-limits.ts';
import { identifier, secret } from './fields.ts';

export const PERMISSIONS = ['egress', 'gateway', 'ai', 'agents', 'exec', 'tunnels', 'admin'] as const;

export type Permission = (typeof PERMISSIONS)[number];

export interface UserConfig {
  readonly name: string;
  /** Exactly one of the two tokens is set. */
  readonly token: string | null;
  readonly token_sha256: string | null;
  readonly may: readonly Permission[];
  readonly limits: AiLimitsConfig;
  /** Made while Sluice runs; never written, known while it does. */
  readonly issued?: readonly { readonly sha256: string; readonly may: readonly Permission[] }[] | undefined;
}

const userSchema: z.ZodType<UserConfig> = z.strictObject({
  name: identifier()
    .describe('The name in logs, usage and the API.')
    .meta({ samples: ['alice'] }),
  token: secret()
    .nullable()
    .prefault(null)
    .describe('The token of this user. One of `token` and `token_sha256` is needed.')
    .meta({ samples: ['${ALICE_TOKEN}'] }),
  token_sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .transform((text) => text.toLowerCase())
    .nullable()
    .prefault(null)
    .describe('The SHA-256 of the token in hexadecimal, so that the token itself stands nowhere.')
    .meta({ writeOnly: true }),
  may: z
    .array(z.enum(PERMISSIONS))
    .describe('What this user may use.')
    .meta({ samples: [['egress', 'gateway', 'ai']] }),
  limits: aiLimitsSchema
    .prefault({})
    .describe('Bounds for this user alone. What is not said here is said in `ai.limits`; `null` is no limit.')
    .meta({ samples: [{ ai_tokens_per_day: 2_000_000 }] }),
});

export const usersSchema: z.ZodType<readonly UserConfig[]> = z
  .array(userSchema)
  .prefault([])
  .describe('People and programs that may use this Sluice, each with a token.')
  .meta({ samples: [[{ name: 'alice', token: '${ALICE_TOKEN}', may: ['egress', 'gateway', 'ai'] }]] });
