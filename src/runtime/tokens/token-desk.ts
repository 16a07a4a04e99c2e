// Tokens of users that are made and taken back while Sluice runs, on this node or on any that shares its state. Rule: of a token only its digest is kept;
// what it may is never more than its user may by the config in force, and a user who is taken out of the config takes their tokens along.
import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.ts';
import { aiLimitsSchema } from '../../config/schema/ai-limits.ts';
import type { Permission, UserConfig } from '../../config/schema/users.ts';
import { SluiceError } from '../../core/errors.ts';
import type { RowEdit, SharedRows } from '../../state/shared-rows.ts';
import type { SharedNodes } from '../nodes/shared-nodes.ts';
import { type IssuedToken, readTokens, tokenOf, writeTokens } from './token-file.ts';
import { TokenCopy } from './token-copy.ts';

/** A token as anybody may see it. */
export interface TokenReport {
  /** null: it stands in the config. */
  readonly id: string | null;
  readonly user: string;
  readonly may: readonly Permission[];
  /** null: nobody knows. */
  readonly madeAtMs: number | null;
  /** false: its user is not in the config any more, so that it opens nothing. */
  readonly isInForce: boolean;
}

export interface WantedToken {
  readonly user: string;
  /** null: all that the user may. */
  readonly may: readonly Permission[] | null;
  readonly sha256: string;
}

/** Brings what is made of the tokens into force, or throws and leaves everything as it was. */
type BringIntoForce = () => Promise<void>;

export interface TokenDeskOptions {
  readonly dataDir: string;
  /** Missing: this one is alone. */
  readonly nodes?: Pick<SharedNodes, 'isShared' | 'rows'>;
  readonly onProblem?: (error: unknown) => void;
}

const ID_BYTES = 6;

export class TokenDesk {
  readonly #dataDir: string;
  readonly #onProblem: (error: unknown) => void;
  #tokens: readonly IssuedToken[];
  /** null: tokens are this node's own. */
  #shared: { readonly copy: TokenCopy; readonly rows: SharedRows } | null = null;
  #onChange: () => void = () => {};
  /** Several that come at once are written down and told of once. */
  #isDue = false;
  /** Some have come that are not in force yet. */
  #isNew = false;
  /** Who changes some here brings all into force. */
  #changing = 0;
  /** Made last, and of what: the same config gives the same one. */
  #made: { readonly of: Config; readonly tokens: readonly IssuedToken[]; readonly config: Config } | null = null;

  /** Throws when tokens that were kept cannot be read. */
  constructor({ dataDir, nodes, onProblem = () => {} }: TokenDeskOptions) {
    this.#dataDir = dataDir;
    this.#onProblem = onProblem;
    this.#tokens = readTokens(dataDir);
    if (nodes?.isShared === true) this.#share(nodes);
  }

  /** Has `onChange` called when there are other tokens than before: on another node somebody has made or taken back some. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** Resolves when those of other nodes are known, or after that time. */
  async ready(withinMs: number): Promise<void> {
    await this.#shared?.rows.ready(withinMs);
  }

  close(): void {
    this.#shared?.rows.close();
    this.#shared?.copy.close();
    this.#shared = null;
  }

  /** What a configuration means with the tokens. */
  over(config: Config): Config {
    if (this.#tokens.length === 0) return config;
    if (this.#made?.of === config && this.#made.tokens === this.#tokens) return this.#made.config;
    const made = { ...config, users: usersWith(config.users, this.#tokens) };
    this.#made = { of: config, tokens: this.#tokens, config: made };
    return made;
  }

  reports({ users }: Config): TokenReport[] {
    const own = users.map(({ name, may }) => ({ id: null, user: name, may, madeAtMs: null, isInForce: true }));
    const issued = this.#tokens.map((token): TokenReport => {
      const { id, user, madeAtMs } = token;
      const may = mayOf(token, users);
      return { id, user, may: may ?? token.may, madeAtMs, isInForce: may !== null };
    });
    return [...own, ...issued];
  }

  /** One at a time. */
  async issue({ users }: Config, wanted: WantedToken, bringIntoForce: BringIntoForce): Promise<TokenReport> {
    const { user: name, sha256 } = wanted;
    const user = users.find((each) => each.name === name);
    const may = allowed(wanted, user);
    const id = randomBytes(ID_BYTES).toString('hex');
    const token: IssuedToken = { id, user: name, sha256, may, isOfConfig: user !== undefined, madeAtMs: Date.now() };
    if (this.#shared === null) await this.#change([...this.#tokens, token], bringIntoForce);
    else await this.#changeOnAll(id, () => JSON.stringify(token), bringIntoForce);
    return { id, user: name, may, madeAtMs: token.madeAtMs, isInForce: true };
  }

  /** Null: there is none of that id. */
  async revoke(id: string, bringIntoForce: BringIntoForce): Promise<IssuedToken | null> {
    const found = this.#tokens.find((token) => token.id === id);
    if (this.#shared !== null) return this.#revokeOnAll(id, bringIntoForce);
    if (found === undefined) return null;
    await this.#change(
      this.#tokens.filter((token) => token !== found),
      bringIntoForce,
    );
    return found;
  }

  /** What the node had for itself is told to the others. */
  #share(nodes: Pick<SharedNodes, 'rows'>): void {
    const copy = new TokenCopy(this.#dataDir, this.#tokens);
    this.#tokens = copy.tokens();
    this.#keep();
    const apply = (id: string, row: string | null): void => this.#heard(id, row);
    this.#shared = {
      copy,
      rows: nodes.rows({ table: copy.table, copy: copy.copy, apply, onProblem: this.#onProblem }),
    };
  }

  /** Rejects when the others could not be told: then nothing has changed. */
  async #changeOnAll(id: string, edit: RowEdit, bringIntoForce: BringIntoForce): Promise<void> {
    this.#changing += 1;
    try {
      const row = await this.#shared?.rows.change(id, edit);
      this.#isNew = false;
      if (row !== undefined) await bringIntoForce();
    } finally {
      this.#changing -= 1;
      this.#tell();
    }
  }

  /** It may have been made on another node a moment ago. */
  async #revokeOnAll(id: string, bringIntoForce: BringIntoForce): Promise<IssuedToken | null> {
    let found: IssuedToken | null = null;
    const edit: RowEdit = (row) => {
      found = row === null ? null : tokenOf(row);
      return found === null ? undefined : null;
    };
    await this.#changeOnAll(id, edit, bringIntoForce);
    return found;
  }

  #heard(id: string, row: string | null): void {
    const token = row === null ? null : tokenOf(row);
    const others = this.#tokens.filter((each) => each.id !== id);
    this.#tokens = token === null ? others : [...others, token];
    this.#isNew = true;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#keep();
      this.#tell();
    });
  }

  #tell(): void {
    if (!this.#isNew || this.#changing > 0) return;
    this.#isNew = false;
    this.#onChange();
  }

  /** As this node's own, should it be alone again. */
  #keep(): void {
    try {
      writeTokens(this.#dataDir, this.#tokens);
    } catch (error) {
      this.#onProblem(error);
    }
  }

  async #change(tokens: readonly IssuedToken[], bringIntoForce: BringIntoForce): Promise<void> {
    const before = this.#tokens;
    this.#tokens = tokens;
    try {
      await bringIntoForce();
    } catch (error) {
      this.#tokens = before;
      throw error;
    }
    try {
      writeTokens(this.#dataDir, tokens);
    } catch (error) {
      this.#tokens = before;
      await bringIntoForce();
      throw error;
    }
  }
}

function allowed({ user: name, may }: WantedToken, user: UserConfig | undefined): readonly Permission[] {
  if (user === undefined) {
    if (may !== null && may.length > 0) return may;
    const message = `${name} is no user of the config: say what the token is good for, with "may".`;
    throw new SluiceError('invalid_input', { message });
  }
  const more = may?.filter((each) => !user.may.includes(each)) ?? [];
  if (more.length === 0) return may ?? user.may;
  const message = `${name} may not use ${more.join(', ')}: a token is good for what its user may, and for no more.`;
  throw new SluiceError('invalid_input', { message });
}

/** Null: it is not in force. */
function mayOf(
  { user: name, may, isOfConfig }: IssuedToken,
  users: readonly UserConfig[],
): readonly Permission[] | null {
  const user = users.find((each) => each.name === name);
  if (user === undefined) return isOfConfig ? null : may;
  return may.filter((each) => user.may.includes(each));
}

function usersWith(users: readonly UserConfig[], tokens: readonly IssuedToken[]): UserConfig[] {
  const issuedTo = (name: string): UserConfig['issued'] =>
    tokens.flatMap((token) => {
      const may = token.user === name ? mayOf(token, users) : null;
      return may === null ? [] : [{ sha256: token.sha256, may }];
    });
  const names = new Set(users.map(({ name }) => name));
  const others = new Set(
    tokens.filter(({ user, isOfConfig }) => !isOfConfig && !names.has(user)).map(({ user }) => user),
  );
  return [
    ...users.map((user) => ({ ...user, issued: issuedTo(user.name) })),
    ...[...others].map((name) => userOf(name, issuedTo(name))),
  ];
}

/** Of whom the config knows nothing. */
function userOf(name: string, issued: UserConfig['issued']): UserConfig {
  const may = [...new Set((issued ?? []).flatMap((token) => token.may))];
  return { name, token: null, token_sha256: null, may, limits: aiLimitsSchema.parse({}), issued };
}
