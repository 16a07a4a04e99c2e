// Which user the value of Authorization belongs to: by the token as a Bearer, or by name and token as Basic. Rule: what is not
// exactly that is nobody's.
import { parseBasic } from './basic-credentials.ts';
import type { User, UserDirectory } from './user-directory.ts';

// RFC 6750, 2.1.
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

export function userOfAuthorization(value: string, users: UserDirectory): User | null {
  const token = BEARER.exec(value)?.[1];
  if (token !== undefined) return users.findByToken(token);
  const basic = parseBasic(value);
  return basic === null ? null : users.find(basic.name, basic.password);
}
