// What a command may use of the world around it. Rule: commands touch the process only through this, so that a test can
// run them without one.

export interface CliContext {
  /** Data, and nothing but data. */
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Progress, hints, warnings, errors. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  setExitCode(code: number): void;
}
