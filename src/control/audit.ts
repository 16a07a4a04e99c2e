// Who has changed what, and from where: one shape for every write. Rule: it tells which fields were given and what they say, but no credential,
// and nothing that people have written to each other.

import { redactText, redactValue } from '../core/redact.ts';
import type { LogFields } from '../telemetry/application-log.ts';
import type { AdminContext } from './admin-env.ts';

/** A longer text is only named. */
const MOST_CHARACTERS = 200;
const MOST_BODY_CHARACTERS = 64 * 1024;
/** What is said to agents is between them and their users. */
const PRIVATE = new Set(['prompt', 'stdin']);

/** Called when the write has been answered. */
export async function auditFacts(context: AdminContext): Promise<LogFields> {
  const { method, path } = context.req;
  const query = context.req.query();
  const changed = { ...fieldsIn(query), ...fieldsIn(await bodyOf(context)) };
  return {
    event: 'audit',
    actor: context.get('actor') ?? null,
    by: context.get('token') === null ? 'session' : 'token',
    remote: context.env.incoming.socket.remoteAddress ?? '',
    method,
    path: redactText(path),
    changed,
    status: context.res.status,
    request_id: context.get('requestId'),
  };
}

async function bodyOf(context: AdminContext): Promise<unknown> {
  if (!(context.req.header('Content-Type') ?? '').includes('json')) return null;
  try {
    // Whoever has read it before has left it there.
    const text = await context.req.text();
    return text.length > MOST_BODY_CHARACTERS ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

function fieldsIn(given: unknown): LogFields {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return {};
  const clean = redactValue(given) as LogFields;
  return Object.fromEntries(Object.entries(clean).map(([name, value]) => [name, shown(name, value)]));
}

function shown(name: string, value: unknown): unknown {
  if (PRIVATE.has(name)) return '…';
  return JSON.stringify(value).length > MOST_CHARACTERS ? '…' : value;
}
