// How a browser shows its session, and how it is given one. Rule: the cookie goes to nobody but this door, which no script can read it from; and
// what comes with it counts only when our own page has sent it.

import { isOwnWrite } from './admin-guard.ts';
import type { AdminContext } from './admin-env.ts';
import { SESSION_SECONDS } from './session-book.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const OWN_SITES = new Set([undefined, 'same-origin', 'none']);

/** The id of the session in a request, if it has one. */
export function sessionIn(context: AdminContext): string | undefined {
  const name = cookieName(context);
  for (const pair of (context.req.header('Cookie') ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return value;
  }
  return undefined;
}

/**
 * Other servers on this machine are of the same site for a browser, which sends them this cookie, and us what their pages ask: what comes
 * with a session has to say that it comes from our page.
 */
export function isFromOwnPage(context: AdminContext): boolean {
  const { method } = context.req;
  if (!OWN_SITES.has(context.req.header('Sec-Fetch-Site'))) return false;
  if (SAFE_METHODS.has(method)) return true;
  const origin = context.req.header('Origin') ?? null;
  return origin !== null && isOwnWrite(method, { host: context.req.header('Host') ?? null, origin, fetchSite: null });
}

export function giveSession(context: AdminContext, id: string): void {
  context.header('Set-Cookie', cookie(context, id, SESSION_SECONDS));
}

export function takeSession(context: AdminContext): void {
  context.header('Set-Cookie', cookie(context, '', 0));
}

/** Whether a browser speaks TLS to whatever stands before this door is what its Origin tells. */
function cookie(context: AdminContext, value: string, maxAge: number): string {
  const isSecure = (context.req.header('Origin') ?? '').startsWith('https:');
  const fields = [`${cookieName(context)}=${value}`, 'Path=/', `Max-Age=${maxAge}`, 'HttpOnly', 'SameSite=Strict'];
  return [...fields, ...(isSecure ? ['Secure'] : [])].join('; ');
}

/** Cookies are shared by all ports of a host, and another Sluice may listen at another one. */
function cookieName(context: AdminContext): string {
  const port = /:(\d{1,5})$/.exec(context.req.header('Host') ?? '')?.[1] ?? 'default';
  return `sluice_session_${port}`;
}
