// Who may use the admin API, by the config in force: the holder of the admin token, users who may `admin`, and the command
// line of this user. Rule: a token that the config sets replaces the one that Sluice would make.

import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import { type KeptToken, requireAdminToken } from './admin-token.ts';
import { TokenBook, tokenDigest, type TokenHolder } from './token-book.ts';

export class AdminAccess {
  /** The token that was made or found because the config sets none. */
  readonly kept: KeptToken | null;
  readonly #dataDir: string;
  readonly #runToken: string;
  #config: Config;
  #book: TokenBook;

  /** `runToken` is good for this run only; it lies in the data directory, for the command line. */
  constructor({ config }: LoadedConfig, runToken: string) {
    this.#dataDir = config.process.data_dir;
    this.#runToken = runToken;
    this.kept = config.admin.token === null ? requireAdminToken(this.#dataDir) : null;
    this.#config = config;
    this.#book = this.#bookOf(config);
  }

  /** The tokens that count under this config. */
  tokens({ config }: Pick<LoadedConfig, 'config'>): TokenBook {
    if (config !== this.#config) this.#book = this.#bookOf(config);
    this.#config = config;
    return this.#book;
  }

  #bookOf({ admin, users }: Config): TokenBook {
    const adminToken = admin.token ?? this.kept?.token ?? requireAdminToken(this.#dataDir).token;
    const holders: TokenHolder[] = [
      { name: 'admin', digest: tokenDigest(adminToken) },
      { name: 'sluice command', digest: tokenDigest(this.#runToken) },
    ];
    for (const { name, may, token, token_sha256: sha256, issued = [] } of users) {
      for (const each of issued) {
        if (each.may.includes('admin')) holders.push({ name, digest: Buffer.from(each.sha256, 'hex') });
      }
      if (!may.includes('admin')) continue;
      if (token !== null) holders.push({ name, digest: tokenDigest(token) });
      if (sha256 !== null) holders.push({ name, digest: Buffer.from(sha256, 'hex') });
    }
    return new TokenBook(holders);
  }
}
