// What every request to a door of the control plane has to pass, always in the same order: Host, origin, token, size. Rule: a path that
// nobody has opened on purpose needs a token, also when there is nothing at it.

import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, Next } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { AdminApp, AdminContext, AdminEnv, AdminParts } from './admin-env.ts';
import { answerError, answerThrown } from './admin-errors.ts';
import { auditFacts } from './audit.ts';
import { conditionalWrites } from './conditional-writes.ts';
import { isOwnHost, isOwnWrite } from './admin-guard.ts';
import { isFromOwnPage, sessionIn, takeSession } from './admin-session.ts';
import { newRequestId } from './request-id.ts';

export type CheckParts = Pick<AdminParts, 'logger' | 'listenHost' | 'tokens' | 'sessions' | 'limiter'>;

const MAX_BODY_BYTES = 1024 * 1024;
const OPEN_PATHS = /^\/(?:api\/v1\/health|assets\/[^/]+)?$/;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function checkedApp(parts: CheckParts): AdminApp {
  const app = new OpenAPIHono<AdminEnv>({
    defaultHook: (result, context) => {
      if (!result.success) return answerError(context, 'invalid_input', explainIssues(result.error.issues));
      return undefined;
    },
  });
  app.onError((error, context) => answerThrown(context, error, parts.logger));
  app.notFound((context) => answerError(context, 'not_found'));
  app.use((context, next) => dress(context, next));
  app.use((context, next) => guard(parts, context, next));
  app.use((context, next) => authenticate(parts, context, next));
  app.use((context, next) => audit(parts, context, next));
  app.use((context, next) => limitBody(context, next));
  app.use(conditionalWrites(app));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: answerMethodNotAllowed }));
  return app;
}

/** Gives each request its id and each answer the headers that they all carry. */
async function dress(context: AdminContext, next: Next): Promise<void> {
  const requestId = newRequestId();
  context.set('requestId', requestId);
  await next();
  context.header('X-Request-Id', requestId);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!context.res.headers.has(name)) context.header(name, value);
  }
}

async function guard(parts: CheckParts, context: AdminContext, next: Next): Promise<Response | undefined> {
  const host = context.req.header('Host') ?? null;
  if (!isOwnHost(host, parts.listenHost)) {
    return answerError(
      context,
      'forbidden',
      'The Host is not a name of this door. Use its address, or set admin.listen to the name.',
    );
  }
  const origin = context.req.header('Origin') ?? null;
  const fetchSite = context.req.header('Sec-Fetch-Site') ?? null;
  if (!isOwnWrite(context.req.method, { host, origin, fetchSite })) {
    return answerError(context, 'forbidden', 'Another site may not write here.');
  }
  await next();
  return undefined;
}

async function authenticate(parts: CheckParts, context: AdminContext, next: Next): Promise<Response | undefined> {
  if (OPEN_PATHS.test(context.req.path)) {
    await next();
    return undefined;
  }
  const { limiter } = parts;
  const remote = remoteAddress(context);
  if (limiter.isFlooding(remote)) {
    context.header('Retry-After', '2');
    return answerError(context, 'too_many_attempts');
  }
  const shown = shownBy(context);
  if (shown?.kind === 'session' && !isFromOwnPage(context)) {
    return answerError(context, 'forbidden', 'A session counts only for the page of the dashboard.');
  }
  const actor = shown === null ? undefined : holderOf(shown, parts);
  if (actor === undefined) return refuse(parts, context, shown);
  limiter.forgive(remote);
  context.set('actor', actor);
  context.set('token', shown?.kind === 'token' ? shown.secret : null);
  await next();
  return undefined;
}

interface Shown {
  readonly kind: 'token' | 'session';
  readonly secret: string;
}

/** A token counts before a session: whoever sends one wants to be known by it. */
function shownBy(context: AdminContext): Shown | null {
  const token = /^Bearer +([^\s]+)$/i.exec(context.req.header('Authorization') ?? '')?.[1];
  if (token !== undefined) return { kind: 'token', secret: token };
  const session = sessionIn(context);
  return session === undefined ? null : { kind: 'session', secret: session };
}

function holderOf({ kind, secret }: Shown, { tokens, sessions }: CheckParts): string | undefined {
  return kind === 'token' ? tokens().findHolder(secret) : sessions.findHolder(secret, tokens());
}

async function refuse({ limiter, logger }: CheckParts, context: AdminContext, shown: Shown | null): Promise<Response> {
  const remote = remoteAddress(context);
  if (shown?.kind === 'token') {
    logger.warn({ remote, path: context.req.path, request_id: context.get('requestId') }, 'admin token refused');
  }
  if (shown !== null) await limiter.countFailure(remote);
  // A session that has ended, or one from before a restart: the browser need not show it again.
  if (shown?.kind === 'session') takeSession(context);
  context.header('WWW-Authenticate', 'Bearer realm="sluice"');
  return answerError(context, 'unauthorized');
}

/** A body of unknown length could be endless, so here it has to say its length; node:http then holds it to that. */
async function limitBody(context: AdminContext, next: Next): Promise<Response | undefined> {
  const length = Number(context.req.header('Content-Length') ?? 0);
  if (length > MAX_BODY_BYTES || context.req.header('Transfer-Encoding') !== undefined) {
    const message = `A body needs a Content-Length of at most ${MAX_BODY_BYTES} bytes here.`;
    return answerError(context, 'request_body_too_large', message);
  }
  await next();
  return undefined;
}

/** Who changed what, and from where. */
async function audit(parts: CheckParts, context: AdminContext, next: Next): Promise<void> {
  await next();
  if (SAFE_METHODS.has(context.req.method)) return;
  parts.logger.info(await auditFacts(context), 'admin write');
}

function answerMethodNotAllowed(context: Context<AdminEnv>, methods: string[]): Response {
  context.header('Allow', methods.join(', '));
  return answerError(context, 'method_not_allowed');
}

function remoteAddress(context: AdminContext): string {
  return context.env.incoming.socket.remoteAddress ?? '';
}

function explainIssues(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`).join('; ');
}
