// Which of the requests that went through somebody wants to see. Rule: what is not named is not looked at.
import type { SeenRequest } from '../telemetry/seen-request.ts';
import { type Job, jobOf } from './job-traffic.ts';

export interface RequestFilter {
  readonly door?: string | undefined;
  readonly route?: string | undefined;
  /** By door and route. */
  readonly job?: Job | undefined;
  readonly method?: string | undefined;
  /** `404`, or a class such as `5xx`. */
  readonly status?: string | undefined;
  /** A part of the host. */
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  /** A part of who answered, or of the exit. */
  readonly upstream?: string | undefined;
  /** An error code, or `any`. */
  readonly error?: string | undefined;
  readonly minMs?: number | undefined;
  /** Stands somewhere in method, host, target, client, user, route, upstream, id or error; upper and lower case are the same. */
  readonly text?: string | undefined;
}

type Seen = SeenRequest;

export function fits(seen: Seen, filter: RequestFilter): boolean {
  const { door, route, job, method, user, minMs } = filter;
  if (door !== undefined && seen.door !== door) return false;
  if (route !== undefined && seen.route !== route) return false;
  if (job !== undefined && jobOf(seen) !== job) return false;
  if (method !== undefined && seen.method !== method.toUpperCase()) return false;
  if (user !== undefined && seen.user !== user) return false;
  if (minMs !== undefined && seen.durationMs < minMs) return false;
  return fitsStatus(seen, filter) && fitsParts(seen, filter);
}

function fitsStatus(seen: Seen, { status, error }: RequestFilter): boolean {
  if (error !== undefined && (error === 'any' ? seen.error === '' : seen.error !== error)) return false;
  if (status === undefined) return true;
  return /^\dxx$/i.test(status) ? Math.floor(seen.status / 100) === Number(status[0]) : seen.status === Number(status);
}

function fitsParts(seen: Seen, { host, upstream, text }: RequestFilter): boolean {
  if (host !== undefined && !contains(seen.host, host)) return false;
  if (upstream !== undefined && !contains(seen.upstream, upstream) && !contains(seen.exit, upstream)) return false;
  return text === undefined || searched(seen).some((part) => contains(part, text));
}

function searched(seen: Seen): readonly string[] {
  const { method, host, target, client, user, route, upstream, exit, id, error } = seen;
  return [`${method} ${host}${target}`, client, user, route, upstream, exit, id, error];
}

function contains(whole: string, part: string): boolean {
  return whole.toLowerCase().includes(part.toLowerCase());
}
