// The proxies of hops: what they are, how they are, and changing them while Sluice runs. Rule: a change is in force on every
// thread when it is answered, cuts nothing that is in flight, and no answer holds a credential.

import { createRoute, z } from '@hono/zod-openapi';
import { proxyPatchSchema, proxySpecSchema } from '../../config/schema/proxy-edits.ts';
import { SluiceError } from '../../core/errors.ts';
import { exitName } from '../../runtime/hops/exit-name.ts';
import type { ProxyReport } from '../../runtime/hops/hop-desk.ts';
import type { ProxiesAnswer, ProxyAnswer, ProxyRemovedAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import {
  memberAnswer,
  memberFields,
  memberIdParam,
  memberStats,
  memberStatsFields,
  memberTestAnswer,
  memberTestSchema,
} from './members.ts';

const proxySchema: z.ZodType<ProxyAnswer> = z
  .object({
    id: z.string().openapi({ example: 'exits/fr-1', description: 'As in X-Sluice-Exit and in metrics.' }),
    hop: z.string(),
    host: z.string(),
    port: z.int(),
    protocol: z.enum(['http', 'https', 'socks5', 'socks5h', 'socks4', 'socks4a']),
    ...memberFields,
    tags: z.record(z.string(), z.string()),
    changed: z
      .enum(['kept', 'until_restart'])
      .nullable()
      .openapi({ description: 'How it differs from the config: for good, or until the next start.' }),
    stats: z.object({
      ...memberStatsFields,
      bytes: z.number(),
      bytes_sent: z.number(),
      bytes_received: z.number(),
    }),
  })
  .openapi('Proxy');

const listSchema: z.ZodType<ProxiesAnswer> = z.object({ proxies: z.array(proxySchema) }).openapi('Proxies');

const testSchema = memberTestSchema('the hops before it cannot be got through.').openapi('ProxyTest');

const removedSchema: z.ZodType<ProxyRemovedAnswer> = z
  .object({ id: z.string(), removed: z.literal(true), active: z.int().openapi({ description: 'What still goes on.' }) })
  .openapi('ProxyRemoved');

const persist = z.boolean().default(false).openapi({ description: 'true: it outlives this run of Sluice.' });

const described = {
  url: z.string().openapi({ example: 'socks5://user:password@proxy.example:1080' }),
  weight: z.int(),
  priority: z.int(),
  backup: z.boolean(),
  enabled: z.boolean(),
  tags: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
};
const { url, ...optional } = described;

const newProxySchema = z
  .strictObject({ hop: z.string(), id: z.string().optional(), url, ...partial(optional), persist })
  .openapi('NewProxy', { description: 'Keys as of `hops.NAME.proxies[]`.' });

const changeSchema = z
  .strictObject({ ...partial(described), draining: z.boolean().optional(), persist })
  .openapi('ProxyChange');

const refusals = {
  401: errorResponse('No valid token.'),
  403: errorResponse('The request comes from another site.'),
  404: errorResponse('There is no proxy, or no hop, of that name.'),
  422: errorResponse('It does not fit what is expected here.'),
  503: errorResponse('Sluice is shutting down.'),
};

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/proxies',
  summary: 'All proxies of all hops',
  responses: { 200: jsonResponse('The proxies.', listSchema), 401: refusals[401] },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/proxies/{id}',
  summary: 'One proxy',
  request: { params: memberIdParam },
  responses: { 200: jsonResponse('The proxy.', proxySchema), 401: refusals[401], 404: refusals[404] },
});

const addRoute = createRoute({
  method: 'post',
  path: '/api/v1/proxies',
  summary: 'Add a proxy to a hop',
  request: { body: { required: true, content: { 'application/json': { schema: newProxySchema } } } },
  responses: {
    201: jsonResponse('It is in use.', proxySchema),
    ...refusals,
    409: errorResponse('There is one of that name already.'),
  },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/api/v1/proxies/{id}',
  summary: 'Change a proxy: enable, disable, drain, weigh',
  request: {
    params: memberIdParam,
    body: { required: true, content: { 'application/json': { schema: changeSchema } } },
  },
  responses: { 200: jsonResponse('As it is now.', proxySchema), ...refusals },
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/proxies/{id}',
  summary: 'Remove a proxy; what it carries goes on',
  request: { params: memberIdParam, query: z.object({ persist: z.enum(['true', 'false']).default('false') }) },
  responses: { 200: jsonResponse('It gets nothing new.', removedSchema), ...refusals },
});

const testRoute = createRoute({
  method: 'post',
  path: '/api/v1/proxies/{id}/test',
  summary: 'Check a proxy now, through the hops before it',
  request: { params: memberIdParam },
  responses: { 200: jsonResponse('What came of it.', testSchema), ...refusals },
});

export function addProxyRoutes(app: AdminApp, { sluice }: AdminParts): void {
  const { hops } = sluice;
  const answerFor = (name: string): ProxyAnswer => {
    const report = hops.find(name);
    if (report === undefined) throw new SluiceError('not_found', { message: `There is no proxy "${name}".` });
    return proxyAnswer(report, hops.changeOf(name));
  };
  app.openapi(listRoute, (context) => {
    const proxies = hops.proxies().map((report) => proxyAnswer(report, hops.changeOf(report.name)));
    return context.json({ proxies }, 200);
  });
  app.openapi(oneRoute, (context) => context.json(answerFor(context.req.valid('param').id), 200));
  app.openapi(addRoute, async (context) => {
    const { hop, persist: isKept, ...wanted } = context.req.valid('json');
    const proxy = read(proxySpecSchema, wanted);
    await sluice.changeHops({ edit: { kind: 'add', hop, proxy }, persist: isKept });
    return context.json(answerFor(exitName(hop, proxy.id)), 201);
  });
  app.openapi(changeRoute, async (context) => {
    const { id: name } = context.req.valid('param');
    const { draining, persist: isKept, ...wanted } = context.req.valid('json');
    const patch = read(proxyPatchSchema, wanted);
    const edit = { kind: 'change', name, patch, ...(draining === undefined ? {} : { draining }) } as const;
    await sluice.changeHops({ edit, persist: isKept });
    return context.json(answerFor(name), 200);
  });
  app.openapi(removeRoute, async (context) => {
    const { id: name } = context.req.valid('param');
    const { active } = answerFor(name);
    await sluice.changeHops({ edit: { kind: 'remove', name }, persist: context.req.valid('query').persist === 'true' });
    return context.json({ id: name, removed: true as const, active }, 200);
  });
  app.openapi(testRoute, async (context) => {
    const { id } = answerFor(context.req.valid('param').id);
    return context.json(memberTestAnswer(id, await hops.check(id)), 200);
  });
}

/** As the configuration is read; what it says of a fault quotes no credentials. */
function read<T>(schema: { safeParse(input: unknown): z.ZodSafeParseResult<T> }, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new SluiceError('invalid_input', { message: faults.join('; ') });
}

function proxyAnswer(report: ProxyReport, changed: ProxyAnswer['changed']): ProxyAnswer {
  const { name, hop, endpoint, tags, state } = report;
  return {
    id: name,
    hop,
    host: endpoint.host,
    port: endpoint.port,
    protocol: endpoint.protocol,
    ...memberAnswer(report),
    tags: { ...tags },
    changed,
    stats: {
      ...memberStats(state),
      bytes: state.bytesSent + state.bytesReceived,
      bytes_sent: state.bytesSent,
      bytes_received: state.bytesReceived,
    },
  };
}

function jsonResponse<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } };
}

function partial<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
): { [K in keyof Shape]: z.ZodOptional<Shape[K]> } {
  return Object.fromEntries(Object.entries(shape).map(([key, each]) => [key, each.optional()])) as {
    [K in keyof Shape]: z.ZodOptional<Shape[K]>;
  };
}
