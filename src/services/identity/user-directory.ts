// The users of the configuration, found by their tokens. Rule: tokens are kept as SHA-256 digests and found by digest, so that
// neither memory nor the time of a look-up tells anything of them.
import { hash } from 'node:crypto';

export interface UserSpec {
  readonly name: string;
  /** In lower-case hexadecimal. */
  readonly tokenSha256: string;
  readonly may: readonly string[];
}

export interface User {
  readonly name: string;
  readonly may: ReadonlySet<string>;
}

/** Tokens of which the configuration knows nothing: of runs of agents, which may use providers of AI for their users. */
export interface OtherTokens {
  /** The name of the user, which may be empty; null: it is none of these. */
  find(token: string): string | null;
}

const RUN_MAY: ReadonlySet<string> = new Set(['ai']);

export class UserDirectory {
  readonly #byDigest = new Map<string, User>();
  readonly #runs: OtherTokens | null;

  constructor(users: readonly UserSpec[], runs: OtherTokens | null = null) {
    this.#runs = runs;
    for (const { name, tokenSha256, may } of users) this.#byDigest.set(tokenSha256, { name, may: new Set(may) });
  }

  get size(): number {
    return this.#byDigest.size;
  }

  findByToken(token: string): User | null {
    return this.#byDigest.get(tokenDigest(token)) ?? this.#userOfRun(token);
  }

  #userOfRun(token: string): User | null {
    const name = this.#runs?.find(token) ?? null;
    return name === null ? null : { name, may: RUN_MAY };
  }

  /** Of the user with that name and token. */
  find(name: string, token: string): User | null {
    const user = this.findByToken(token);
    return user !== null && user.name === name ? user : null;
  }
}

export function tokenDigest(token: string): string {
  return hash('sha256', token, 'hex');
}
