// What has been used, kept on this machine. Rule: there is no file before there is something to keep, and who only asks leaves nothing behind.
import { existsSync } from 'node:fs';
import { UsageFile } from './usage-file.ts';
import type { UsageAges, UsageQuestion, UsageSum } from './usage-row.ts';
import type { StoreState, UsageBatch, UsageStore } from './usage-store.ts';

export class EmbeddedUsage implements UsageStore {
  private readonly path: string;
  private file: UsageFile | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async add({ rows }: UsageBatch): Promise<void> {
    this.opened().add(rows);
  }

  async sums(question: UsageQuestion): Promise<UsageSum[]> {
    if (this.file === null && !existsSync(this.path)) return [];
    return this.opened().sums(question);
  }

  async forget(ages: UsageAges): Promise<void> {
    if (this.file !== null || existsSync(this.path)) this.opened().forget(ages);
  }

  state(): StoreState {
    return { server: null, isUp: true, waitingRows: 0 };
  }

  async close(): Promise<void> {
    this.file?.close();
    this.file = null;
  }

  private opened(): UsageFile {
    this.file ??= new UsageFile(this.path);
    return this.file;
  }
}
