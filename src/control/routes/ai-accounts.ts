// GET /api/v1/ai/accounts: how the accounts are that requests to providers of AI are sent with. Rule: no answer holds a credential.

import { createRoute, z } from '@hono/zod-openapi';
import type { AccountReport } from '../../runtime/accounts/account-desk.ts';
import type { AiAccountAnswer, AiAccountsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const accountSchema: z.ZodType<AiAccountAnswer> = z
  .object({
    provider: z.enum(['claude', 'chatgpt']),
    id: z.string().openapi({ description: 'Its name in the configuration, or its number.' }),
    kind: z.enum(['api_key', 'store']),
    file: z.string().nullable().openapi({ description: 'Of a store.', example: '/home/me/.claude/.credentials.json' }),
    state: z.enum(['ok', 'expiring', 'dead']).openapi({ description: 'dead: its owner has to sign in again.' }),
    reason: z.string().nullable().openapi({ description: 'Why it is not ok, or why the last renewal failed.' }),
    expires_at: z.iso.datetime().nullable().openapi({ description: 'When the login runs out unless it is renewed.' }),
    readable_by_others: z.boolean().openapi({ description: 'The file can be read by others than its owner.' }),
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
  const { provider, id, kind, file, state, reason, expiresAtMs, isOpen } = report;
  const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return { provider, id, kind, file, state, reason, expires_at: expiresAt, readable_by_others: isOpen };
}
