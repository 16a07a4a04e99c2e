// The users of the configuration, as policies ask for them. Rule: of a token only its digest is kept.
import type { UserConfig } from '../../config/schema/users.ts';
import { type OtherTokens, tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';

/** `runs`: the tokens that runs of agents have. */
export function configuredUsers(users: readonly UserConfig[], runs: OtherTokens | null = null): UserDirectory {
  return new UserDirectory(
    users.flatMap(({ name, token, token_sha256: digest, may, issued = [] }) => {
      const own = digest ?? (token === null ? null : tokenDigest(token));
      return [
        ...(own === null ? [] : [{ name, may, tokenSha256: own }]),
        ...issued.map((each) => ({ name, may: each.may, tokenSha256: each.sha256 })),
      ];
    }),
    runs,
  );
}
