// Servers that a config names and that are reached straight from here: backends, providers of AI, the collector for traces, Redis. Rule: each
// is asked as little as shows that it is there, once, within a bound; what it answers is its own business.
import { promises as dns } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Config } from '../../config/config.ts';
import { failure, type Finding, ok, skipped } from './finding.ts';

export interface NamedServer {
  readonly check: 'backend' | 'provider' | 'collector' | 'redis';
  readonly url: string;
  /** Hops in between: it is not reached from here. */
  readonly via: readonly string[];
  /** Any certificate will do for a look. */
  readonly verifies: boolean;
  readonly path: string;
}

export interface ServerVisit {
  readonly finding: Finding;
  /** How far the clock of this machine is ahead of that of the server; null: it has not told the time. */
  readonly aheadMs: number | null;
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'rediss:': 6379, 'redis:': 6379 };

export function namedServers({ gateway, ai, traces, process: { state } }: Config): NamedServer[] {
  const found: NamedServer[] = [];
  const add = (check: NamedServer['check'], url: string, more: Partial<NamedServer> = {}): void => {
    if (found.some((each) => each.url === url)) return;
    found.push({ check, url, via: [], verifies: true, path: '/', ...more });
  };
  for (const { to } of gateway.routes) {
    if (!('backends' in to)) continue;
    // An authority of their own is for those who make use of it; here it is only looked whether somebody is there.
    const verifies = to.tls === null || (to.tls.verify && to.tls.ca === null);
    const path = to.health?.path ?? '/';
    for (const { url } of to.backends) add('backend', url, { via: to.via, verifies, path });
  }
  if (gateway.default_backend !== null) add('backend', gateway.default_backend);
  if (ai.enabled) for (const { base } of Object.values(ai.providers)) add('provider', base, { via: ai.via });
  if (traces.endpoint !== null) add('collector', traces.endpoint, { verifies: traces.ca === null });
  if (state !== 'embedded') add('redis', state);
  return found;
}

export async function visit(server: NamedServer, timeoutMs: number): Promise<ServerVisit> {
  const subject = subjectOf(server.url);
  if (server.via.length > 0)
    return { finding: skipped(server.check, subject, `reached through ${server.via.join(', ')}`), aheadMs: null };
  try {
    return await ask(server, subject, timeoutMs);
  } catch (error) {
    return { finding: failure(server.check, subject, await reasonOf(error, server.url, timeoutMs)), aheadMs: null };
  }
}

async function ask(server: NamedServer, subject: string, timeoutMs: number): Promise<ServerVisit> {
  const startedMs = Date.now();
  if (!/^https?:/.test(server.url)) {
    await connect(server.url, timeoutMs);
    return { finding: ok(server.check, subject, `takes connections, ${Date.now() - startedMs} ms`), aheadMs: null };
  }
  const { status, date } = await head(server, timeoutMs);
  const tookMs = Date.now() - startedMs;
  const told = Date.parse(date);
  // The time is told in whole seconds: on average half of one is missing.
  const aheadMs = Number.isNaN(told) ? null : startedMs + tookMs / 2 - (told + 500);
  return { finding: ok(server.check, subject, `answers ${status}, ${tookMs} ms`), aheadMs };
}

function head({ url, path, verifies }: NamedServer, timeoutMs: number): Promise<{ status: number; date: string }> {
  const target = new URL(path, url);
  const secure = target.protocol === 'https:';
  const { request } = secure ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      target,
      {
        // Connections of its own: by no proxy, whatever the environment says.
        agent: secure ? new https.Agent({ rejectUnauthorized: verifies }) : new http.Agent(),
        headers: { 'User-Agent': 'sluice-doctor' },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (answer) => {
        resolve({ status: answer.statusCode ?? 0, date: answer.headers.date ?? '' });
        answer.destroy();
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function connect(url: string, timeoutMs: number): Promise<void> {
  const parsed = new URL(url.replace(/^h2c:/, 'http:'));
  const where = url.startsWith('unix:')
    ? { path: url.slice('unix:'.length) }
    : { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: Number(parsed.port) || (PORTS[parsed.protocol] ?? 80) };
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...where, signal: AbortSignal.timeout(timeoutMs) });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Without user, password and query. */
function subjectOf(url: string): string {
  if (url.startsWith('unix:')) return url;
  const { protocol, host } = new URL(url.replace(/^h2c:/, 'http:'));
  return `${protocol}//${host}`;
}

async function reasonOf(error: unknown, url: string, timeoutMs: number): Promise<string> {
  const { name = '', message = String(error) } = error instanceof Error ? error : {};
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${timeoutMs / 1000} s`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `its name cannot be resolved (${code})${await butOthers(url)}`;
  if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
  return message || code;
}

/** Is it this name, or all of them? */
async function butOthers(url: string): Promise<string> {
  const { hostname } = new URL(url.replace(/^h2c:/, 'http:'));
  const servers = dns.getServers().join(', ');
  const addresses = await dns.resolve4(hostname).catch(() => []);
  if (addresses.length > 0) return `, though ${servers} knows it`;
  return servers === '' ? '; this machine has no DNS server' : `, nor by ${servers}`;
}
