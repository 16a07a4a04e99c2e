// The users of the configuration, as policies ask for them. Rule: of a token only its digest is kept.
import type { UserConfig } from '../../config/schema/users.ts';
import { type OtherTokens, tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';

/** `runs`: the tokens that runs of agents have. */
export function configuredUsers(users: readonly UserConfig[], runs: OtherTokens | null = null): UserDirectory {
  return new UserDirectory(
    users.map(({ name, token, token_sha256: digest, may }) => {
      return { name, may, tokenSha256: digest ?? tokenDigest(token ?? '') };
    }),
    runs,
  );
}
