// The hostnames of an account over HTTP, as clients of the generation 3.x ask for them. Rule: what the DNS has to say is told with every
// answer, so that nobody needs to ask a second time.
import type { HostnameAnswer, HostnameRefusal, HostnameRow } from '../../services/tunnels/tunnel-hostnames.ts';

export interface HostnamesDesk {
  register(account: string, hostname: string): Promise<HostnameAnswer>;
  verify(account: string, hostname: string): Promise<HostnameAnswer>;
  remove(account: string, hostname: string): Promise<HostnameRefusal | null>;
  of(account: string): HostnameRow[];
}

export type HostnameCall =
  | { readonly kind: 'list' }
  | { readonly kind: 'register' }
  | { readonly kind: 'verify' | 'remove'; readonly hostname: string };

const ALL = '/api/v1/hostnames';
const ONE = /^\/api\/v1\/hostnames\/([^/]{1,255})(\/verify)?$/;

/** null: it is none. `wrong_method`: something else can be done there. */
export function hostnameCall(method: string, path: string): HostnameCall | 'wrong_method' | null {
  if (path === ALL) {
    if (method === 'GET') return { kind: 'list' };
    return method === 'POST' ? { kind: 'register' } : 'wrong_method';
  }
  const [, hostname, verify] = ONE.exec(path) ?? [];
  if (hostname === undefined) return null;
  if (verify !== undefined) return method === 'POST' ? { kind: 'verify', hostname } : 'wrong_method';
  return method === 'DELETE' ? { kind: 'remove', hostname } : 'wrong_method';
}

/** What is the same for all hostnames. */
export interface HostnamePlace {
  readonly domain: string;
  /** Certificates are those of the gateway: none is asked for. */
  hasCertificate(hostname: string): boolean;
}

export function hostnameState(row: HostnameRow, place: HostnamePlace): object {
  const { domain } = place;
  const hasCertificate = place.hasCertificate(row.hostname);
  const isVerified = row.verifiedAtMs !== null;
  return {
    hostname: row.hostname,
    verified: isVerified,
    routable: isVerified,
    verification_error: row.problem,
    checked_at: row.checkedAtMs === null ? null : new Date(row.checkedAtMs).toISOString(),
    certificate: hasCertificate,
    certificate_state: hasCertificate ? 'issued' : 'not_requested',
    certificate_attempts: 0,
    certificate_error: null,
    dns: {
      cname: { name: row.hostname, value: domain },
      txt: { name: `_retunnel-challenge.${row.hostname}`, value: row.challenge },
    },
    dns_hint: isVerified ? null : 'Put the TXT record into the DNS of the hostname, then verify it.',
  };
}
