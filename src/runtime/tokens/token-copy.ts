// The tokens of all nodes as this one knows them: `shared-tokens.db` in the data directory. Rule: it is opened only where tokens are shared; what
// `tokens.json` holds the first time is carried over, and what comes later is as all nodes have it.
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDataFile } from '../../state/data-file.ts';
import { RowCopy } from '../../state/row-copy.ts';
import { rowsOf, SharedRows } from '../../state/shared-rows.ts';
import { type IssuedToken, tokenOf } from './token-file.ts';

const TABLE = 'tokens';

export class TokenCopy {
  readonly table: string = TABLE;
  readonly copy: RowCopy;
  readonly #database: DatabaseSync;

  constructor(dataDir: string, own: readonly IssuedToken[]) {
    this.#database = openDataFile(join(dataDir, 'shared-tokens.db'), () => {});
    this.copy = new RowCopy(this.#database, TABLE);
    SharedRows.carryOver(
      this.copy,
      own.map((token) => [token.id, JSON.stringify(token)] as const),
    );
  }

  tokens(): IssuedToken[] {
    return [...rowsOf(this.copy)].flatMap(([, row]) => tokenOf(row) ?? []);
  }

  close(): void {
    this.#database.close();
  }
}
