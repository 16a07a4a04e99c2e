// Tells systemd how the program is, where a unit of `Type=notify` has started it. Rule: node:net speaks no datagrams, so the command that
// systemd brings along says it; whether anybody hears it changes nothing for the program.
import { execFile } from 'node:child_process';

/** Should nobody answer. */
const TIMEOUT_MS = 5_000;

export class SystemdNotice {
  readonly #isThere: boolean;
  readonly #command: string;
  #last: Promise<void> = Promise.resolve();

  constructor(env: NodeJS.ProcessEnv, command = 'systemd-notify') {
    this.#isThere = Boolean(env['NOTIFY_SOCKET']);
    this.#command = command;
  }

  /** Also says which process it is from now on: after a takeover it is another one. */
  ready(): Promise<void> {
    return this.#say('READY=1', `MAINPID=${process.pid}`);
  }

  reloading(): Promise<void> {
    return this.#say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): Promise<void> {
    return this.#say('STOPPING=1');
  }

  /** In the order in which it was said. */
  #say(...assignments: readonly string[]): Promise<void> {
    if (!this.#isThere) return Promise.resolve();
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) => {
          execFile(this.#command, assignments, { timeout: TIMEOUT_MS }, () => resolve());
        }),
    );
    return this.#last;
  }
}
