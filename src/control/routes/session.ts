// /api/v1/session: what a browser gets for a token, so that no script ever holds one. Rule: it is given for a token and never for another session;
// whoever leaves is forgotten at once.

import { createRoute, z } from '@hono/zod-openapi';
import type { SessionAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { answerError, errorResponse } from '../admin-errors.ts';
import { giveSession, sessionIn, takeSession } from '../admin-session.ts';

const sessionSchema: z.ZodType<SessionAnswer> = z
  .object({
    user: z.string().openapi({ example: 'admin', description: 'Whose token it is.' }),
    version: z.string(),
  })
  .openapi('Session');

const content = { 'application/json': { schema: sessionSchema } };

const readRoute = createRoute({
  method: 'get',
  path: '/api/v1/session',
  summary: 'Who is asking',
  responses: { 200: { description: 'Who.', content }, 401: errorResponse('No valid token and no session.') },
});

const openRoute = createRoute({
  method: 'post',
  path: '/api/v1/session',
  summary: 'Exchanges the bearer token for a cookie',
  responses: {
    200: { description: 'With `Set-Cookie`: HttpOnly, SameSite=Strict.', content },
    401: errorResponse('No valid token.'),
  },
});

const closeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/session',
  summary: 'Ends the session of the cookie',
  responses: { 204: { description: 'It is forgotten.' }, 401: errorResponse('No valid token and no session.') },
});

export function addSessionRoutes(app: AdminApp, { sluice, sessions }: AdminParts): void {
  const answer = (user: string): SessionAnswer => ({ user, version: sluice.status().version });
  app.openapi(readRoute, (context) => context.json(answer(context.get('actor')), 200));
  app.openapi(openRoute, (context) => {
    const token = context.get('token');
    if (token === null) return answerError(context, 'unauthorized', 'A session is opened with a token.') as never;
    giveSession(context, sessions.open(token));
    return context.json(answer(context.get('actor')), 200);
  });
  app.openapi(closeRoute, (context) => {
    const id = sessionIn(context);
    if (id !== undefined) sessions.close(id);
    takeSession(context);
    return context.body(null, 204);
  });
}
