// What paths lead to, for whoever runs programs of others. Rule: a path is judged by what it leads to, whatever links stand on the way.
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** null: to nothing. */
export function realPath(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** A file that may be run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The folder that a path leads to, from `root` on, if that is `root` or lies within; `root` leads nowhere else. */
export function folderWithin(root: string, path: string): string | null {
  const folder = realPath(resolve(root, path));
  if (folder === null || (folder !== root && !folder.startsWith(root.endsWith(sep) ? root : root + sep))) return null;
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? folder : null;
}
