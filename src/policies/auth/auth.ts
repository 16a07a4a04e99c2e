// Lets in users only: by their token as a Bearer, or by name and token as Basic. Rule: the credentials are between the client and
// us and go no further; what the client is told is the same whether the name or the token was wrong.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { OwnFields } from '../../services/identity/own-fields.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import { userOfAuthorization } from '../../services/identity/user-of-authorization.ts';

export interface AuthOptions {
  readonly users: UserDirectory;
  /** What a user must be allowed to. */
  readonly permission: string;
  readonly realm: string;
  /** Where the server behind is told who it is; null: nowhere. */
  readonly userHeader: string | null;
}

export function auth({ users, permission, realm, userHeader }: AuthOptions): Policy {
  // Programs take the first that they know; browsers know Basic alone, and ask.
  const challenges = [`Bearer realm="${realm}"`, `Basic realm="${realm}", charset="UTF-8"`];
  const told = new OwnFields(userHeader === null ? [] : [userHeader]);
  return {
    name: 'auth',
    request(exchange: Exchange): void {
      const { fields } = exchange.request;
      const value = fields.get('authorization');
      const user = value === undefined ? null : userOfAuthorization(value, users);
      if (user === null) exchange.fail('unauthorized');
      else if (!user.may.has(permission)) exchange.fail('forbidden', 'This user may not use this door.');
      else {
        fields.remove('authorization');
        exchange.user = user.name;
        if (userHeader === null) return;
        told.takeOut(fields);
        fields.append(userHeader, user.name);
      }
    },
    response({ user, response }: Exchange): void {
      // A server's own 401 is its own business, and so is that of a route behind us: its client is known by then.
      if (!response.isOurs || response.status !== 401 || user !== '') return;
      for (const challenge of challenges) response.fields.append('WWW-Authenticate', challenge);
    },
  };
}
