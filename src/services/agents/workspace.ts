// The folders where agents run. Rule: a run stays in the folder of its user: what leads out of it, by `..` or a symbolic link, is refused.
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { folderWithin } from '../processes/real-paths.ts';

export interface WorkspaceOptions {
  /** Absolute. */
  readonly folder: string;
  readonly isPerUser: boolean;
}

/** The names of users are names of folders, apart from these. */
const NO_FOLDER = new Set(['', '.', '..']);

/** The folder of a user, which is made when it is not there. */
export function folderOf({ folder, isPerUser }: WorkspaceOptions, user: string): string {
  const own = !isPerUser || user === '' ? folder : join(folder, NO_FOLDER.has(user) ? '_' : user);
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return realpathSync(own);
  } catch (cause) {
    throw new SluiceError('agent_unavailable', { message: 'The folder where agents run cannot be used.', cause });
  }
}

/** As a request names it: within the folder of its user, from which it may be relative. Empty: that folder. */
export function workingFolder(options: WorkspaceOptions, user: string, wanted: string): string {
  const root = folderOf(options, user);
  if (wanted === '') return root;
  if (wanted.includes('\0')) throw refusal('it is no path');
  const found = folderWithin(root, wanted);
  // Whoever may not see what is outside learns nothing of it either.
  if (found === null) throw refusal('there is no such folder in the workspace');
  return found;
}

function refusal(why: string): SluiceError {
  return new SluiceError('invalid_input', { message: `cwd: ${why}.` });
}
