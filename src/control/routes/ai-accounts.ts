// GET /api/v1/ai/accounts: how the accounts are that requests to providers of AI are sent with. Rule: no answer holds a credential.

import { createRoute, z } from '@hono/zod-openapi';
import type { AccountReport } from '../../runtime/accounts/account-desk.ts';
import type { QuotaWindow } from '../../services/accounts/account-quota.ts';
import type { AiAccountAnswer, AiAccountsAnswer, AiQuotaAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const quotaSchema: z.ZodType<AiQuotaAnswer> = z
  .object({
    window: z.string().openapi({ description: 'What is limited, or for how long.', example: '5h' }),
    left: z.number().openapi({ description: 'From 0 to 1.' }),
    limit: z.int().nullable(),
    remaining: z.int().nullable(),
    resets_at: z.iso.datetime(),
    minutes: z.int().nullable().openapi({ description: 'How long the window is, where the provider tells.' }),
  })
  .openapi('AiQuota');

const accountSchema: z.ZodType<AiAccountAnswer> = z
  .object({
    provider: z.enum(['claude', 'chatgpt']),
    id: z.string().openapi({ description: 'Its name in the configuration, or its number.' }),
    kind: z.enum(['api_key', 'store']),
    file: z.string().nullable().openapi({ description: 'Of a store.', example: '/home/me/.claude/.credentials.json' }),
    state: z.enum(['ok', 'expiring', 'dead', 'cooling', 'auth_failed']).openapi({
      description:
        'dead: its owner has to sign in again. cooling: it is left alone, because the provider limits it. auth_failed: the provider does not accept it.',
    }),
    reason: z.string().nullable().openapi({ description: 'Why it is not ok, or why the last renewal failed.' }),
    expires_at: z.iso.datetime().nullable().openapi({ description: 'When the login runs out unless it is renewed.' }),
    readable_by_others: z.boolean().openapi({ description: 'The file can be read by others than its owner.' }),
    retry_at: z.iso
      .datetime()
      .nullable()
      .openapi({ description: 'Of one that is left alone: when it is asked again.' }),
    weight: z.number(),
    requests: z.int().openapi({ description: 'That it was chosen for.' }),
    active: z.int().openapi({ description: 'Of these, how many run.' }),
    quota: z.array(quotaSchema).openapi({ description: 'As the provider has told last.' }),
  })
  .openapi('AiAccount');

const listSchema: z.ZodType<AiAccountsAnswer> = z.object({ accounts: z.array(accountSchema) }).openapi('AiAccounts');

const accountsRoute = createRoute({
  method: 'get',
  path: '/api/v1/ai/accounts',
  summary: 'The accounts that requests to providers of AI are sent with',
  responses: {
    200: { description: 'The accounts.', content: { 'application/json': { schema: listSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addAiAccountsRoute(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(accountsRoute, (context) => {
    return context.json({ accounts: sluice.accounts.reports().map(accountAnswer) }, 200);
  });
}

function accountAnswer(report: AccountReport): AiAccountAnswer {
  const { provider, id, kind, file, state, reason, weight, requests, active } = report;
  return {
    provider,
    id,
    kind,
    file,
    state,
    reason,
    expires_at: dateOf(report.expiresAtMs),
    readable_by_others: report.isOpen,
    retry_at: dateOf(report.retryAtMs),
    weight,
    requests,
    active,
    quota: report.quota.map(quotaAnswer),
  };
}

function quotaAnswer({ window, left, limit, remaining, resetsAtMs, minutes }: QuotaWindow): AiQuotaAnswer {
  return { window, left, limit, remaining, resets_at: new Date(resetsAtMs).toISOString(), minutes };
}

function dateOf(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
