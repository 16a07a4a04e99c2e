// Who may use the admin API, by token. Rule: tokens are kept and compared as SHA-256 digests, all of them each time and
// in constant time, so that neither memory nor timing tells more than yes or no.

import { createHash, timingSafeEqual } from 'node:crypto';

export interface TokenHolder {
  /** The name in the audit log. */
  readonly name: string;
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export class TokenBook {
  readonly #holders: readonly TokenHolder[];

  constructor(holders: readonly TokenHolder[]) {
    this.#holders = holders;
  }

  /** The name of the token's holder, or nothing when nobody holds it. */
  findHolder(token: string): string | undefined {
    return this.nameOf(tokenDigest(token));
  }

  /** The same, by the digest of a token. */
  nameOf(digest: Buffer): string | undefined {
    let found: string | undefined;
    for (const holder of this.#holders) {
      if (holder.digest.length === digest.length && timingSafeEqual(holder.digest, digest)) found ??= holder.name;
    }
    return found;
  }
}
