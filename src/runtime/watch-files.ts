// Notices when one of some files has another content. Rule: folders are watched and files compared, since editors and
// Kubernetes replace a file instead of writing into it, and a watch on the file itself would follow the old one.

import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** An editor writes a file in several steps; one change is reported after this much quiet. */
const QUIET_MS = 150;

export class FileWatch {
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** What each file was like when it was last looked at. */
  #seen = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** From now on these files count. A change that has not been reported yet is not forgotten. */
  follow(files: readonly string[]): void {
    this.#seen = new Map(files.map((file) => [file, this.#seen.get(file) ?? fingerprint(file)]));
    const folders = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (!this.#watchers.has(folder)) this.#watchFolder(folder);
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** A folder that is not there, or goes, is not watched; the next reload follows whatever is there then. */
  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#look());
      watcher.on('error', () => this.#watchers.delete(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }

  /** Whatever else happens in the folder does not count, and does not put a report off either. */
  #look(): void {
    let hasChanged = false;
    for (const [file, before] of this.#seen) {
      const now = fingerprint(file);
      hasChanged ||= now !== before;
      this.#seen.set(file, now);
    }
    if (!hasChanged) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, QUIET_MS).unref();
  }
}

function fingerprint(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? 'absent' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
