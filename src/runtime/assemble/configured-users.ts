// The users of the configuration, as policies ask for them. Rule: of a token only its digest is kept.
import type { UserConfig } from '../../config/schema/users.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';

export function configuredUsers(users: readonly UserConfig[]): UserDirectory {
  return new UserDirectory(
    users.map(({ name, token, token_sha256: digest, may }) => {
      return { name, may, tokenSha256: digest ?? tokenDigest(token ?? '') };
    }),
  );
}
