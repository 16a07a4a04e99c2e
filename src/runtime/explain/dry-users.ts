// The users of the configuration, with tokens that hold within a dry run. Rule: the true ones are nobody's business here.
import { Buffer } from 'node:buffer';
import type { Config } from '../../config/config.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';

export function dryUsers({ users }: Config): UserDirectory {
  return new UserDirectory(users.map(({ name, may }) => ({ name, may, tokenSha256: tokenDigest(dryToken(name)) })));
}

/** Credentials that `user` proves itself with; `shownAs` is the name as the client would give it. */
export function dryLogin(user: string, shownAs: string = user): string {
  return `Basic ${Buffer.from(`${shownAs}:${dryToken(user)}`).toString('base64')}`;
}

function dryToken(user: string): string {
  return `dry run of ${user}`;
}
