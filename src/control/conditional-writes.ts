// Writes that hold only for the state that somebody has read: `If-Match` with the `ETag` of the resource. Rule: a tag stands for what can be
// changed and not for what is measured, so that traffic takes nobody's tag away; of two writes with the same tag one comes first.

import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { AdminApp, AdminContext, AdminEnv } from './admin-env.ts';
import { answerError } from './admin-errors.ts';

/** Resources that have a tag, as they are read. */
const TAGGED = new RegExp(
  `^(?:${[
    '/api/v1/(?:proxies|backends|agents|tokens)(?:/[^/]+)?',
    '/api/v1/requests/[^/]+',
    '/api/v1/session',
    '/api/v1/tunnels',
    '/api/v1/tunnels/(?:accounts|requests)(?:/[^/]+)?',
    '/api/v1/tunnels/invitations',
    '/(?:api/v1|admin)/cache/stats',
  ].join('|')})$`,
);

/** Where the state of what is written can be read, where that is not at the same path. */
const READ_AT: readonly (readonly [written: RegExp, read: string])[] = [
  [/^(\/(?:api\/v1|admin)\/cache)$/, '$1/stats'],
  [/^(\/api\/v1\/tunnels\/requests)\/forget$/, '$1'],
  [/^(\/api\/v1\/tunnels\/invitations)\/[^/]+$/, '$1'],
  [/^(\/api\/v1\/tunnels)\/(?!accounts$|requests$|invitations$|exposed$)[^/]+$/, '$1'],
  [/^(.+)\/(?:test|replay|stop|token)$/, '$1'],
];

/** It has a tag of its own, which is looked at where it is loaded. */
const OF_ITS_OWN = new Set(['/api/v1/reload']);

/** Changes without anybody changing it. */
const MEASURED = new Set([
  'active',
  'answer_bytes',
  'breaker',
  'bytes',
  'bytes_received',
  'bytes_sent',
  'bytes_today',
  'clients',
  'coalesced',
  'disk_bytes',
  'duration_ms',
  'entries',
  'evictions',
  'health',
  'healthy',
  'hit_ratio',
  'hits',
  'last_check',
  'last_error',
  'last_error_at',
  'last_used_at',
  'misses',
  'obstacle',
  'purged',
  'reconnects',
  'requests_today',
  'retry_in_ms',
  'running',
  'queued',
  'served_bytes',
  'stale',
  'stats',
  'stored',
  'streams',
  'streams_total',
]);

const TAG_CHARACTERS = 22;

export function tagOf(state: unknown): string {
  const text = JSON.stringify(state, (name, value: unknown) => (MEASURED.has(name) ? undefined : value));
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, TAG_CHARACTERS)}"`;
}

/** Where what is written at this path can be read; null: what is written there has a tag of its own. */
export function readPathOf(path: string): string | null {
  if (OF_ITS_OWN.has(path)) return null;
  for (const [written, read] of READ_AT) {
    if (written.test(path)) return path.replace(written, read);
  }
  return path;
}

export function conditionalWrites(app: AdminApp): MiddlewareHandler<AdminEnv> {
  let turn: Promise<unknown> = Promise.resolve();
  return async (context, next) => {
    const { method } = context.req;
    const path = new URL(context.req.url).pathname;
    if (method === 'GET') {
      await next();
      if (TAGGED.test(path)) await tagAnswer(context);
      return undefined;
    }
    const wanted = context.req.header('If-Match');
    const read = readPathOf(path);
    if (wanted === undefined || read === null) {
      await next();
      if (method === 'PATCH' && TAGGED.test(path)) await tagAnswer(context);
      return undefined;
    }
    const mine = turn.then(async () => {
      const current = await currentTag(app, context, read);
      if (!fits(wanted, current)) return refuse(context, current);
      await next();
      if (method === 'PATCH' && TAGGED.test(path)) await tagAnswer(context);
      return undefined;
    });
    turn = mine.catch(() => {});
    return mine;
  };
}

async function tagAnswer(context: AdminContext): Promise<void> {
  const { res } = context;
  const isState = res.status === 200 && (res.headers.get('Content-Type') ?? '').includes('json');
  if (isState && !res.headers.has('ETag')) context.header('ETag', tagOf(await res.clone().json()));
}

/** As whoever writes would read it; null: there is no such resource. */
async function currentTag(app: AdminApp, context: AdminContext, path: string): Promise<string | null> {
  const headers = new Headers(context.req.raw.headers);
  for (const name of ['Content-Length', 'Content-Type', 'If-Match', 'Transfer-Encoding']) headers.delete(name);
  headers.set('Accept', 'application/json');
  const answer = await app.request(new URL(path, context.req.url).href, { headers }, context.env);
  const tag = answer.headers.get('ETag');
  await answer.body?.cancel();
  return answer.status === 200 ? tag : null;
}

/** A weak tag fits nothing here (RFC 9110, 13.1.1). */
function fits(wanted: string, current: string | null): boolean {
  if (current === null) return false;
  return wanted.trim() === '*' || wanted.split(',').some((each) => each.trim() === current);
}

function refuse(context: AdminContext, current: string | null): Response {
  if (current !== null) context.header('ETag', current);
  const message = current === null ? 'There is no such resource any more.' : undefined;
  return answerError(context, 'precondition_failed', message);
}
