// Who uses the forward proxy: takes the credentials of a request for the proxy itself, which go no further, and asks for them
// where only users are served. Rule: what the client is told is the same whether the name or the token was wrong.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { parseBasic } from '../../services/identity/basic-credentials.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import type { SplitName } from '../../services/sticky/session-suffix.ts';

export interface ProxyUserOptions {
  /** Those who may use the proxy; null: everybody may. */
  readonly users: UserDirectory | null;
  readonly permission: string;
  /** A user name may carry the wish for a session. */
  readonly readName: (name: string) => SplitName;
}

const CHALLENGE = 'Basic realm="Sluice", charset="UTF-8"';

export function proxyUser({ users, permission, readName }: ProxyUserOptions): Policy {
  return {
    name: 'proxy-user',
    request(exchange: Exchange): void {
      const { fields } = exchange.request;
      const value = fields.get('proxy-authorization');
      const credentials = value === undefined ? null : parseBasic(value);
      if (value !== undefined) fields.remove('proxy-authorization');
      if (credentials === null) {
        if (users !== null) exchange.fail('proxy_auth_required');
        return;
      }
      const { user, session } = readName(credentials.name);
      exchange.session = session?.id ?? '';
      exchange.sessionTtlMs = session?.ttlMs ?? 0;
      if (users === null) return;
      const known = users.find(user, credentials.password);
      if (known === null) exchange.fail('proxy_auth_required');
      else if (!known.may.has(permission)) exchange.fail('forbidden');
      else exchange.user = known.name;
    },
    response(exchange: Exchange): void {
      const { response } = exchange;
      if (users !== null && response.isOurs && response.status === 407)
        response.fields.set('Proxy-Authenticate', CHALLENGE);
    },
  };
}
