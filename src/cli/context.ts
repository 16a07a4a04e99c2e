// What a command may use of the world around it. Rule: commands touch the process only through this, so that a test can
// run them without one.

import type { Readable } from 'node:stream';

export interface CliContext {
  /** Data, and nothing but data. */
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Progress, hints, warnings, errors. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Missing: that of the process. */
  readonly stdin?: Readable;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  setExitCode(code: number): void;
}
