// The file of what waits for a Redis that does not answer, a SQLite database in the data folder. Rule: what lies in it is given on whole, in
// the order in which it came; there is no file before something waits.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../core/errors.ts';
import { openDataFile } from './data-file.ts';
import type { UsageRow } from './usage-row.ts';
import type { UsageBatch } from './usage-store.ts';

/** About 200 bytes each. */
const MAX_ROWS = 1_000_000;

const TABLE = `CREATE TABLE IF NOT EXISTS waiting (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, size INTEGER NOT NULL, rows TEXT NOT NULL
) STRICT;`;

export interface WaitingFileOptions {
  readonly path: string;
  readonly maxRows?: number;
}

export interface WaitingBatch extends UsageBatch {
  readonly place: number;
}

export class WaitingFile {
  private readonly path: string;
  private readonly maxRows: number;
  private database: DatabaseSync | null = null;
  private countedRows = 0;

  constructor({ path, maxRows = MAX_ROWS }: WaitingFileOptions) {
    this.path = path;
    this.maxRows = maxRows;
    if (existsSync(path)) this.opened();
  }

  /** How many requests wait. */
  get rows(): number {
    return this.countedRows;
  }

  /** Throws when there is no room for it. */
  put({ id, rows }: UsageBatch): void {
    if (this.countedRows + rows.length > this.maxRows) {
      throw new SluiceError('state_unavailable', { message: `${this.path}: no more than ${this.maxRows} can wait` });
    }
    const insert = this.opened().prepare('INSERT INTO waiting (id, size, rows) VALUES (?, ?, ?)');
    insert.run(id, rows.length, JSON.stringify(rows));
    this.countedRows += rows.length;
  }

  first(): WaitingBatch | null {
    if (this.countedRows === 0) return null;
    const found = this.opened().prepare('SELECT place, id, rows FROM waiting ORDER BY place LIMIT 1').get();
    if (found === undefined) return null;
    const rows = JSON.parse(String(found['rows'])) as UsageRow[];
    return { place: Number(found['place']), id: String(found['id']), rows };
  }

  remove({ place, rows }: WaitingBatch): void {
    this.opened().prepare('DELETE FROM waiting WHERE place = ?').run(place);
    this.countedRows -= rows.length;
  }

  close(): void {
    this.database?.close();
    this.database = null;
  }

  private opened(): DatabaseSync {
    if (this.database !== null) return this.database;
    this.database = openDataFile(this.path, (database) => {
      database.exec(TABLE);
      const { size } = database.prepare('SELECT total(size) AS size FROM waiting').get() ?? {};
      this.countedRows = Number(size);
    });
    return this.database;
  }
}
