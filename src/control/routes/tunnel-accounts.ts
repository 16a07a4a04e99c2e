// /api/v1/tunnels/accounts: who may open tunnels and how much. Rule: a token is shown in the answer that issues it and nowhere else; what is
// taken from somebody ends what they have running at once.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import type { AccountReport } from '../../runtime/tunnels/tunnel-office.ts';
import type { OwnLimits } from '../../services/tunnels/account-meters.ts';
import type { IssuedToken } from '../../services/tunnels/tunnel-accounts.ts';
import type {
  TunnelAccountAnswer,
  TunnelAccountsAnswer,
  TunnelLimitsAnswer,
  TunnelTokenAnswer,
} from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const MOST = 1_000;
const USUAL = 100;
/** As registration takes it. */
const EMAIL = /^[^\s@"<>]{1,64}@[^\s@"<>]{1,190}$/;
const FOREIGN_TOKEN = /^\S{16,512}$/;

const limitsSchema: z.ZodType<TunnelLimitsAnswer> = z
  .object({
    tunnels: z.int(),
    clients: z.int(),
    streams: z.int().nullable(),
    requests_per_minute: z.int().nullable(),
    bytes_per_day: z.int().nullable(),
  })
  .openapi('TunnelLimits');

const accountSchema: z.ZodType<TunnelAccountAnswer> = z
  .object({
    id: z.string().openapi({ description: '`user:NAME` for a user of the configuration.' }),
    email: z.string(),
    configured: z.boolean().openapi({ description: 'true: a user of the configuration, where the token stands.' }),
    has_token: z.boolean().openapi({ description: 'false: it was revoked, and nobody can connect.' }),
    created_at: z.string().nullable(),
    last_used_at: z.string().nullable().openapi({ description: 'When a client has connected last.' }),
    expires_at: z.string().nullable().openapi({ description: 'Of the token; null: never.' }),
    limits: limitsSchema,
    own_limits: z.array(z.string()).openapi({ description: 'Which of the limits are its own.' }),
    tunnels: z.array(z.string()).openapi({ description: 'Its names, those that wait for a client as well.' }),
    clients: z.int(),
    streams: z.int().openapi({ description: 'Requests and WebSockets that run now.' }),
    requests_today: z.int().openapi({ description: 'Since midnight, UTC.' }),
    bytes_today: z.int(),
  })
  .openapi('TunnelAccount');

const listSchema: z.ZodType<TunnelAccountsAnswer> = z
  .object({
    accounts: z.array(accountSchema),
    next: z.string().nullable().openapi({ description: '`after` of the next page; null: this is the last one.' }),
  })
  .openapi('TunnelAccounts');

const tokenSchema: z.ZodType<TunnelTokenAnswer> = z
  .object({
    account: z.string(),
    email: z.string(),
    token: z.string().openapi({ description: 'It is not shown again.' }),
    expires_at: z.string().nullable(),
  })
  .openapi('TunnelToken');

const ownLimitsSchema = z
  .strictObject({
    tunnels: z.int().min(1),
    clients: z.int().min(1),
    streams: z.int().min(1).nullable(),
    requests_per_minute: z.int().min(1).nullable(),
    bytes_per_day: z.int().min(0).nullable(),
  })
  .partial()
  .openapi('TunnelOwnLimits');

const params = z.object({ id: z.string() });
const refusals = { 401: errorResponse('No valid token.'), 404: errorResponse('There is no such account.') };
const json = <T extends z.ZodType>(schema: T): { 'application/json': { schema: T } } => ({
  'application/json': { schema },
});

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/accounts',
  summary: 'Accounts of the tunnel server',
  request: {
    query: z.object({
      email: z.string().optional().openapi({ description: 'Only those who have registered with that.' }),
      after: z.string().optional().openapi({ description: '`next` of the page before.' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(MOST)
        .optional()
        .openapi({ description: `Default: ${USUAL}.` }),
    }),
  },
  responses: {
    200: { description: 'Users of the configuration first.', content: json(listSchema) },
    ...refusals,
  },
});

const addRoute = createRoute({
  method: 'post',
  path: '/api/v1/tunnels/accounts',
  summary: 'Make an account',
  request: {
    body: {
      required: true,
      content: json(
        z.strictObject({
          email: z.string().regex(EMAIL, 'expected an address of mail'),
          token: z
            .string()
            .regex(FOREIGN_TOKEN, 'expected 16 to 512 characters')
            .optional()
            .openapi({ description: 'One from another server, to go on with. Without it a new one is issued.' }),
          expires_at: z.iso.datetime().nullable().optional().openapi({ description: 'Default: by `token_ttl`.' }),
        }),
      ),
    },
  },
  responses: {
    201: { description: 'The account and its token.', content: json(tokenSchema) },
    409: errorResponse('The token belongs to an account already.'),
    422: errorResponse('The request does not fit.'),
    ...refusals,
  },
});

const showRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/accounts/{id}',
  summary: 'An account of the tunnel server',
  request: { params },
  responses: { 200: { description: 'The account.', content: json(accountSchema) }, ...refusals },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/api/v1/tunnels/accounts/{id}',
  summary: 'Give an account limits of its own, or its token an end',
  request: {
    params,
    body: {
      required: true,
      content: json(
        z.strictObject({
          limits: ownLimitsSchema.nullable().optional().openapi({
            description: 'They take the place of those that it had of its own; null: as everybody.',
          }),
          expires_at: z.iso.datetime().nullable().optional(),
        }),
      ),
    },
  },
  responses: {
    200: { description: 'The account as it is now.', content: json(accountSchema) },
    403: errorResponse('The token of this user stands in the configuration.'),
    422: errorResponse('The request does not fit.'),
    ...refusals,
  },
});

const renewRoute = createRoute({
  method: 'post',
  path: '/api/v1/tunnels/accounts/{id}/token',
  summary: 'Give an account another token',
  request: { params },
  responses: {
    200: { description: 'Clients with the one of before are disconnected.', content: json(tokenSchema) },
    403: errorResponse('The token of this user stands in the configuration.'),
    ...refusals,
  },
});

const revokeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/tunnels/accounts/{id}/token',
  summary: 'Revoke the token of an account',
  request: { params },
  responses: {
    200: { description: 'Its clients are disconnected; its names wait.', content: json(accountSchema) },
    403: errorResponse('The token of this user stands in the configuration.'),
    ...refusals,
  },
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/tunnels/accounts/{id}',
  summary: 'Remove an account',
  request: { params },
  responses: {
    200: { description: 'It is gone; its names are free.', content: json(z.object({ removed: z.string() })) },
    403: errorResponse('Users of the configuration are removed there.'),
    ...refusals,
  },
});

export function addTunnelAccountRoutes(app: AdminApp, { sluice: { tunnels } }: AdminParts): void {
  const { office } = tunnels;
  app.openapi(listRoute, (context) => {
    const { email = null, after = '', limit = USUAL } = context.req.valid('query');
    const reports = office.page({ after, most: limit, email });
    const registered = reports.filter(({ isConfigured }) => !isConfigured);
    const next = registered.length < limit ? null : (registered.at(-1)?.id ?? null);
    return context.json({ accounts: reports.map(accountAnswer), next }, 200);
  });
  app.openapi(addRoute, async (context) => {
    const { email, token = null, expires_at: at } = context.req.valid('json');
    const issued = await office.add({ email, token, ...(at === undefined ? {} : { expiresAtMs: timeOf(at) }) });
    return context.json(tokenAnswer(issued), 201);
  });
  app.openapi(showRoute, (context) => context.json(accountAnswer(office.report(context.req.valid('param').id)), 200));
  app.openapi(changeRoute, async (context) => {
    const { limits, expires_at: at } = context.req.valid('json');
    if (limits === undefined && at === undefined) {
      throw new SluiceError('invalid_input', { message: 'Expected "limits" or "expires_at".' });
    }
    const change = {
      limits: limits === undefined || limits === null ? limits : ownLimits(limits),
      expiresAtMs: at === undefined ? undefined : timeOf(at),
    };
    return context.json(accountAnswer(await office.change(context.req.valid('param').id, change)), 200);
  });
  app.openapi(renewRoute, async (context) => {
    return context.json(tokenAnswer(await office.renew(context.req.valid('param').id)), 200);
  });
  app.openapi(revokeRoute, async (context) => {
    const { id } = context.req.valid('param');
    await office.revoke(id);
    return context.json(accountAnswer(office.report(id)), 200);
  });
  app.openapi(removeRoute, async (context) => {
    const { id } = context.req.valid('param');
    await office.remove(id);
    return context.json({ removed: id }, 200);
  });
}

function ownLimits(limits: z.infer<typeof ownLimitsSchema>): OwnLimits {
  const { requests_per_minute: requestsPerMinute, bytes_per_day: bytesPerDay, ...same } = limits;
  const own = { ...same, requestsPerMinute, bytesPerDay };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}

const KEYS: Readonly<Record<keyof OwnLimits, string>> = {
  tunnels: 'tunnels',
  clients: 'clients',
  streams: 'streams',
  requestsPerMinute: 'requests_per_minute',
  bytesPerDay: 'bytes_per_day',
};

function accountAnswer(report: AccountReport): TunnelAccountAnswer {
  const { limits } = report;
  return {
    id: report.id,
    email: report.email,
    configured: report.isConfigured,
    has_token: report.hasToken,
    created_at: dateOf(report.createdAtMs),
    last_used_at: dateOf(report.lastUsedAtMs),
    expires_at: dateOf(report.expiresAtMs),
    limits: {
      tunnels: limits.tunnels,
      clients: limits.clients,
      streams: limits.streams,
      requests_per_minute: limits.requestsPerMinute,
      bytes_per_day: limits.bytesPerDay,
    },
    own_limits: Object.keys(report.ownLimits ?? {}).map((key) => KEYS[key as keyof OwnLimits]),
    tunnels: [...report.tunnels],
    clients: report.clients,
    streams: report.streams,
    requests_today: report.requestsToday,
    bytes_today: report.bytesToday,
  };
}

function tokenAnswer({ account: { id, email, registered }, token }: IssuedToken): TunnelTokenAnswer {
  return { account: id, email, token, expires_at: dateOf(registered?.expiresAtMs ?? null) };
}

function dateOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function timeOf(date: string | null): number | null {
  return date === null ? null : Date.parse(date);
}
