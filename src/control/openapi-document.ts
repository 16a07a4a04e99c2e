// The description of the admin API. Rule: what holds for every operation of a kind is said here, once: that a write takes If-Match and may be
// refused for it, and what it is filed under.

import { VERSION } from '../runtime/version.ts';
import type { AdminApp } from './admin-env.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The ETag of the resource as it was read: 412 when it has changed since.',
  schema: { type: 'string' },
} as const;

/** Without a token. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/api/v1/health']);

const ERROR = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } as const;

export interface OpenApiOperation {
  operationId?: string;
  tags?: string[];
  /** Empty: no token is needed. */
  security?: readonly object[];
  readonly summary?: string;
  parameters?: { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: object;
  readonly responses: Record<string, { readonly description: string; headers?: object; content?: object }>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly security: readonly object[];
  readonly paths: Record<string, Partial<Record<(typeof METHODS)[number], OpenApiOperation>>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: Record<string, object> };
}

export function openApiDocument(app: AdminApp): OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  const made = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sluice admin API',
      version: VERSION,
      description: 'What a running Sluice is and does, and changing it while it runs.',
      license: { name: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
  }) as unknown as OpenApiDocument;
  for (const [path, item] of Object.entries(made.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined) complete(operation, method, path);
    }
  }
  return made;
}

function complete(operation: OpenApiOperation, method: (typeof METHODS)[number], path: string): void {
  operation.operationId ??= idOf(method, path);
  operation.tags ??= [tagOf(path)];
  if (OPEN_PATHS.has(path)) operation.security ??= [];
  if (method === 'get' || !isOfAdminDoor(path)) return;
  const hasIt = (operation.parameters ?? []).some(({ name }) => name?.toLowerCase() === 'if-match');
  if (!hasIt) operation.parameters = [...(operation.parameters ?? []), IF_MATCH];
  operation.responses['403'] ??= { description: 'The request comes from another site.', content: ERROR };
  operation.responses['412'] ??= {
    description: 'It has changed since it was read.',
    headers: { ETag: { description: 'Of its state now.', schema: { type: 'string' } } },
    content: ERROR,
  };
}

function isOfAdminDoor(path: string): boolean {
  return path.startsWith('/api/v1/') || path.startsWith('/admin/');
}

/** get /api/v1/tunnels/accounts/{id} → get_tunnels_accounts_id; what is also elsewhere has its place in its name. */
function idOf(method: string, path: string): string {
  const words = path.replace(/^\/api\/v1\//, '').split(/\W+/);
  return [method, ...words].filter((word) => word !== '').join('_');
}

function tagOf(path: string): string {
  const [first = 'admin', second] = path
    .replace(/^\/api\/v1\//, '/')
    .split('/')
    .filter((part) => part !== '');
  return first === 'admin' ? (second ?? first) : first;
}
