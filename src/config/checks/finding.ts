// What a check across fields reports. Rule: a check sees the normalised configuration and says where; lines and columns
// are the loader's business.

import type { Config } from '../config.ts';
import type { KeyPath } from '../key-path.ts';
import type { ConfigProblemCode } from '../problem.ts';

export interface Finding {
  readonly severity?: 'error' | 'warning';
  readonly code: ConfigProblemCode;
  readonly message: string;
  readonly path: KeyPath;
  readonly hint?: string;
  /** Show the key, not its value. */
  readonly atKey?: boolean;
}

export interface CheckContext {
  readonly config: Config;
  readonly isWritten: (path: KeyPath) => boolean;
}

export type Check = (context: CheckContext) => readonly Finding[];
