// /api/v1/tokens: tokens of users, made and taken back while Sluice runs. Rule: a token is shown when it is made and never again.

import { createRoute, z } from '@hono/zod-openapi';
import { PERMISSIONS } from '../../config/schema/users.ts';
import { SluiceError } from '../../core/errors.ts';
import type { TokenReport } from '../../runtime/tokens/token-desk.ts';
import type { TokenAnswer, TokenMadeAnswer, TokensAnswer } from '../token-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import { newToken } from '../admin-token.ts';
import { tokenDigest } from '../token-book.ts';

const fields = {
  id: z.string().nullable().openapi({ description: 'null: it stands in the config, and is changed there.' }),
  user: z.string().openapi({ example: 'alice' }),
  may: z.array(z.enum(PERMISSIONS)),
  made_at: z.iso.datetime().nullable(),
  in_force: z.boolean().openapi({ description: 'false: its user is not in the config any more.' }),
};
const tokenSchema: z.ZodType<TokenAnswer> = z.object(fields).openapi('Token');
const madeSchema: z.ZodType<TokenMadeAnswer> = z
  .object({ ...fields, token: z.string().openapi({ description: 'It is not shown again.' }) })
  .openapi('TokenMade');
const listSchema: z.ZodType<TokensAnswer> = z.object({ tokens: z.array(tokenSchema) }).openapi('Tokens');

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const wantedSchema = z.strictObject({
  user: z.string().regex(NAME).openapi({ example: 'alice' }),
  may: z
    .array(z.enum(PERMISSIONS))
    .min(1)
    .optional()
    .openapi({ description: 'Default: all that the user may. Needed for a user who is not in the config.' }),
});

const refusals = { 401: errorResponse('No valid token.'), 404: errorResponse('There is no such token.') };

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tokens',
  summary: 'Tokens of users, without their values',
  responses: {
    200: { description: 'Those of the config first.', content: { 'application/json': { schema: listSchema } } },
    ...refusals,
  },
});

const idParam = z.object({ id: z.string() });

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/tokens/{id}',
  summary: 'One token that was made, without its value',
  request: { params: idParam },
  responses: {
    200: { description: 'The token.', content: { 'application/json': { schema: tokenSchema } } },
    ...refusals,
  },
});

const makeRoute = createRoute({
  method: 'post',
  path: '/api/v1/tokens',
  summary: 'Make a token for a user',
  request: { body: { content: { 'application/json': { schema: wantedSchema } } } },
  responses: {
    201: { description: 'In force on all threads.', content: { 'application/json': { schema: madeSchema } } },
    422: errorResponse('The request does not fit, or the user may less.'),
    ...refusals,
  },
});

const revokeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/tokens/{id}',
  summary: 'Take a token back',
  request: { params: idParam },
  responses: {
    200: {
      description: 'It opens nothing any more; what was begun with it ends as it would have.',
      content: { 'application/json': { schema: z.object({ revoked: z.string() }) } },
    },
    ...refusals,
  },
});

export function addTokenRoutes(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(listRoute, (context) => {
    return context.json({ tokens: sluice.tokens.reports(sluice.loaded.config).map(tokenAnswer) }, 200);
  });
  app.openapi(oneRoute, (context) => {
    const { id } = context.req.valid('param');
    const found = sluice.tokens.reports(sluice.loaded.config).find((each) => each.id === id);
    if (found === undefined) throw noToken(id);
    return context.json(tokenAnswer(found), 200);
  });
  app.openapi(makeRoute, async (context) => {
    const { user, may = null } = context.req.valid('json');
    const token = newToken();
    const made = await sluice.issueToken({ user, may, sha256: tokenDigest(token).toString('hex') });
    return context.json({ ...tokenAnswer(made), token }, 201);
  });
  app.openapi(revokeRoute, async (context) => {
    const { id } = context.req.valid('param');
    if ((await sluice.revokeToken(id)) !== null) return context.json({ revoked: id }, 200);
    throw noToken(id);
  });
}

function noToken(id: string): SluiceError {
  return new SluiceError('not_found', { message: `There is no token "${id}" that was made at the admin door.` });
}

function tokenAnswer({ id, user, may, madeAtMs, isInForce }: TokenReport): TokenAnswer {
  return {
    id,
    user,
    may: [...may],
    made_at: madeAtMs === null ? null : new Date(madeAtMs).toISOString(),
    in_force: isInForce,
  };
}
