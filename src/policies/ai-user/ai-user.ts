// Who asks a provider of AI: known by a token in X-Sluice-Token, Authorization or x-api-key, as the programs of the providers can send
// one. Rule: a token of ours goes no further; what is no token of ours may be the client's own credential, and is left alone.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { User, UserDirectory } from '../../services/identity/user-directory.ts';
import { userOfAuthorization } from '../../services/identity/user-of-authorization.ts';

export interface AiUserOptions {
  readonly users: UserDirectory;
  /** Nobody is let in who does not say who it is. */
  readonly isRequired: boolean;
}

/** For clients whose other fields carry a credential of the provider. */
const OWN_FIELD = 'x-sluice-token';
const PERMISSION = 'ai';
const CHALLENGE = 'Bearer realm="Sluice"';
const HOW = 'A token of Sluice is needed: as a Bearer in Authorization, in x-api-key, or in X-Sluice-Token.';

export function aiUser({ users, isRequired }: AiUserOptions): Policy {
  return {
    name: 'ai-user',
    request(exchange: Exchange): void {
      const user = takeUser(exchange.request.fields, users);
      if (user === null) {
        if (isRequired) exchange.fail('unauthorized', HOW);
      } else if (!user.may.has(PERMISSION)) exchange.fail('forbidden', 'This user may not use providers of AI.');
      else exchange.user = user.name;
    },
    response({ user, response }: Exchange): void {
      // A provider's own 401 is its own business: its client is known by then, or need not be.
      if (isRequired && response.isOurs && response.status === 401 && user === '') {
        response.fields.append('WWW-Authenticate', CHALLENGE);
      }
    },
  };
}

/** Takes out every field that holds a token of ours; the first one says who it is. */
function takeUser(fields: Fields, users: UserDirectory): User | null {
  const own = fields.get(OWN_FIELD);
  if (own !== undefined) fields.remove(OWN_FIELD);
  let user = own === undefined ? null : users.findByToken(own);
  const authorization = fields.get('authorization');
  if (authorization !== undefined) {
    const found = userOfAuthorization(authorization, users);
    if (found !== null) fields.remove('authorization');
    user ??= found;
  }
  const key = fields.get('x-api-key');
  if (key !== undefined) {
    const found = users.findByToken(key);
    if (found !== null) fields.remove('x-api-key');
    user ??= found;
  }
  return user;
}
