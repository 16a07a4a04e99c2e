// Runs one command in the place of this program: same terminal, same signals, same exit code. Rule: there is no shell in
// between, so every argument arrives as it was given.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SluiceError } from '../core/errors.ts';

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** What shells answer for a command that is not there, or cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

export interface ChildEnd {
  readonly exitCode: number;
  /** Why it could not be started; null when it was. */
  readonly fault: string | null;
}

export function runChild({ command, args, env, cwd }: ChildCommand): Promise<ChildEnd> {
  if (command === '') throw new SluiceError('usage', { message: 'Which command? sluice run -- COMMAND' });
  const { promise, resolve } = Promise.withResolvers<ChildEnd>();
  const child = spawn(command, args, { env, cwd, stdio: 'inherit', shell: false });
  const release = passSignalsOn((signal) => child.kill(signal));
  child.once('error', (error: NodeJS.ErrnoException) => {
    // After it has started, an error is about a signal that could not be sent; its end will still be told.
    if (child.pid !== undefined) return;
    release();
    const isMissing = error.code === 'ENOENT';
    resolve({
      exitCode: isMissing ? NOT_FOUND : NOT_RUNNABLE,
      fault: isMissing ? 'there is no such command' : error.message,
    });
  });
  child.once('exit', (code, signal) => {
    release();
    resolve({ exitCode: code ?? exitCodeOfSignal(signal), fault: null });
  });
  return promise;
}

/** As shells have it. */
export function exitCodeOfSignal(signal: NodeJS.Signals | null): number {
  return signal === null ? 1 : 128 + constants.signals[signal];
}

/** A terminal sends Ctrl-C and Ctrl-\ to all that run in it, the child too: passing them on would say it twice. */
function passSignalsOn(send: (signal: NodeJS.Signals) => void): () => void {
  const isTerminal = process.stdin.isTTY;
  const listeners = PASSED_ON.filter((signal) => Object.hasOwn(constants.signals, signal)).map((signal) => {
    const isFromTerminal = isTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGWINCH');
    const listener = (): void => {
      if (!isFromTerminal) send(signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}
