// /api/v1/tunnels/invitations: who may make themselves an account. Rule: the code of an invitation is shown when it is made and never again.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import type { IssuedInvitation } from '../../services/tunnels/tunnel-invitations.ts';
import type { TunnelInvitationAnswer, TunnelInvitationMadeAnswer, TunnelInvitationsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const USUAL_S = 7 * 86_400;
const LONGEST_S = 365 * 86_400;
const NOTE_LENGTH = 200;

const fields = {
  id: z.string(),
  note: z.string().openapi({ description: 'Whom it is for, as whoever made it has said.' }),
  made_at: z.string(),
  expires_at: z.string(),
  used_at: z.string().nullable(),
  account: z.string().nullable().openapi({ description: 'Which account was made with it.' }),
};
const invitationSchema: z.ZodType<TunnelInvitationAnswer> = z.object(fields).openapi('TunnelInvitation');
const madeSchema: z.ZodType<TunnelInvitationMadeAnswer> = z
  .object({ ...fields, code: z.string().openapi({ description: 'It is not shown again.' }) })
  .openapi('TunnelInvitationMade');
const listSchema: z.ZodType<TunnelInvitationsAnswer> = z
  .object({ invitations: z.array(invitationSchema) })
  .openapi('TunnelInvitations');

const refusals = { 401: errorResponse('No valid token.'), 404: errorResponse('There is no such invitation.') };

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/invitations',
  summary: 'Invitations to the tunnel server, the newest first',
  responses: {
    200: { description: 'Also the used ones.', content: { 'application/json': { schema: listSchema } } },
    ...refusals,
  },
});

const makeRoute = createRoute({
  method: 'post',
  path: '/api/v1/tunnels/invitations',
  summary: 'Invite somebody to the tunnel server',
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            note: z.string().max(NOTE_LENGTH).optional(),
            expires_in_seconds: z.int().min(60).max(LONGEST_S).optional().openapi({ description: 'Default: a week.' }),
          }),
        },
      },
    },
  },
  responses: {
    201: { description: 'It is good for one account.', content: { 'application/json': { schema: madeSchema } } },
    422: errorResponse('The request does not fit.'),
    ...refusals,
  },
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/tunnels/invitations/{id}',
  summary: 'Take an invitation back',
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: {
      description: 'It is good for nothing any more.',
      content: { 'application/json': { schema: z.object({ removed: z.string() }) } },
    },
    ...refusals,
  },
});

export function addTunnelInvitationRoutes(app: AdminApp, { sluice: { tunnels } }: AdminParts): void {
  app.openapi(listRoute, (context) =>
    context.json({ invitations: tunnels.office.invitations.all().map(invitationAnswer) }, 200),
  );
  app.openapi(makeRoute, async (context) => {
    const { note = '', expires_in_seconds: seconds = USUAL_S } = context.req.valid('json');
    const { invitation, code } = await tunnels.office.invitations.make(note, seconds * 1000);
    return context.json({ ...invitationAnswer(invitation), code }, 201);
  });
  app.openapi(removeRoute, async (context) => {
    const { id } = context.req.valid('param');
    if (!(await tunnels.office.invitations.remove(id))) {
      throw new SluiceError('not_found', { message: `There is no invitation "${id}".` });
    }
    return context.json({ removed: id }, 200);
  });
}

function invitationAnswer(row: IssuedInvitation['invitation']): TunnelInvitationAnswer {
  return {
    id: row.id,
    note: row.note,
    made_at: new Date(row.madeAtMs).toISOString(),
    expires_at: new Date(row.expiresAtMs).toISOString(),
    used_at: row.usedAtMs === null ? null : new Date(row.usedAtMs).toISOString(),
    account: row.account,
  };
}
