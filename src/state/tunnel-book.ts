// How what accounts of the tunnel server have is changed, on one node or on all. Rule: a change sees the row as it is and is made whole or not at all; who
// has to know of it hears so, wherever it was made.
import type { SharedRows, SharedRowsOptions } from './shared-rows.ts';
import type { TunnelAccountFile } from './tunnel-accounts.ts';
import { type TunnelChange, type TunnelRowKind, type TunnelRows, TUNNEL_ROW_KINDS } from './tunnel-rows.ts';

/** null: there is none from here on; undefined: it stays as it is. */
export type TunnelEdit<K extends TunnelRowKind> = (row: TunnelRows[K] | null) => TunnelRows[K] | null | undefined;

export interface TunnelBook {
  /** Answers what was made of it. Rejects with `state_unavailable` when it could not be changed everywhere. */
  change<K extends TunnelRowKind>(kind: K, key: string, edit: TunnelEdit<K>): Promise<TunnelRows[K] | null | undefined>;
  /** One row, as it is now, is known here afterwards; null: nothing is changed elsewhere. */
  look(kind: TunnelRowKind, key: string): Promise<void> | null;
  /** What was changed elsewhere is known here afterwards; null: nothing is changed elsewhere. */
  catchUp(): Promise<void> | null;
  close(): void;
}

type OnChange = (change: TunnelChange) => void;

/** Of a node that is alone. */
export class LocalTunnelBook implements TunnelBook {
  readonly #file: TunnelAccountFile;
  readonly #onChange: OnChange;

  constructor(file: TunnelAccountFile, onChange: OnChange) {
    this.#file = file;
    this.#onChange = onChange;
  }

  async change<K extends TunnelRowKind>(
    kind: K,
    key: string,
    edit: TunnelEdit<K>,
  ): Promise<TunnelRows[K] | null | undefined> {
    const table = this.#file.rows[kind];
    const { before, row } = this.#file.whole(() => {
      const found = table.read(key);
      const made = edit(found);
      if (made !== undefined) table.write(key, made);
      return { before: found, row: made };
    });
    if (row !== undefined) this.#onChange({ kind, key, before, row } as TunnelChange);
    return row;
  }

  look(): null {
    return null;
  }

  catchUp(): null {
    return null;
  }

  close(): void {}
}

export interface SharedTunnelBookOptions {
  readonly file: TunnelAccountFile;
  readonly open: (options: Omit<SharedRowsOptions, 'state'>) => SharedRows;
  readonly onChange: OnChange;
  readonly onProblem: (error: unknown) => void;
}

const TABLE = 'tunnels';

/** Of all nodes: the tables of this one are a copy. */
export class SharedTunnelBook implements TunnelBook {
  readonly #rows: SharedRows;

  constructor({ file, open, onChange, onProblem }: SharedTunnelBookOptions) {
    const apply = (place: string, text: string | null): void => {
      const at = place.indexOf('/');
      const [kind, key] = [place.slice(0, at), place.slice(at + 1)];
      // Of a newer version: it is kept, and means nothing here.
      if (!isKind(kind)) return;
      const { before, row } = file.rows[kind].replace(key, text);
      onChange({ kind, key, before, row } as TunnelChange);
    };
    this.#rows = open({ table: TABLE, copy: file.copyOf(TABLE), carried: () => carried(file), apply, onProblem });
  }

  async change<K extends TunnelRowKind>(
    kind: K,
    key: string,
    edit: TunnelEdit<K>,
  ): Promise<TunnelRows[K] | null | undefined> {
    let made: TunnelRows[K] | null | undefined;
    await this.#rows.change(`${kind}/${key}`, (text) => {
      made = edit(text === null ? null : (JSON.parse(text) as TunnelRows[K]));
      return made === undefined || made === null ? made : JSON.stringify(made);
    });
    return made;
  }

  look(kind: TunnelRowKind, key: string): Promise<void> {
    return this.#rows.look(`${kind}/${key}`);
  }

  catchUp(): Promise<void> {
    return this.#rows.catchUp();
  }

  close(): void {
    this.#rows.close();
  }
}

/** What a node had for itself. */
function* carried(file: TunnelAccountFile): Generator<readonly [key: string, row: string]> {
  for (const kind of TUNNEL_ROW_KINDS) {
    for (const key of file.rows[kind].keys()) {
      const row = file.rows[kind].read(key);
      // It may have gone since.
      if (row !== null) yield [`${kind}/${key}`, JSON.stringify(row)];
    }
  }
}

function isKind(text: string): text is TunnelRowKind {
  return (TUNNEL_ROW_KINDS as readonly string[]).includes(text);
}
