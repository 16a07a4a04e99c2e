// Tells systemd how the program is, where a unit of `Type=notify` has started it. Rule: node:net speaks no datagrams, so the command that
// systemd brings along says it; whether anybody hears it changes nothing for the program.
import { execFile } from 'node:child_process';

/** Should nobody answer. */
const TIMEOUT_MS = 5_000;
/** How often in the time that systemd waits for a sign of life. */
const SIGNS_OF_LIFE = 3;
const MICROSECONDS_PER_MS = 1000;

export class SystemdNotice {
  readonly #env: NodeJS.ProcessEnv;
  readonly #command: string;
  #last: Promise<void> = Promise.resolve();
  #signs: NodeJS.Timeout | null = null;

  constructor(env: NodeJS.ProcessEnv, command = 'systemd-notify') {
    this.#env = env;
    this.#command = command;
  }

  ready(): Promise<void> {
    this.#signs ??= this.#giveSigns();
    return this.#say('READY=1', mainPid(process.pid));
  }

  /** Resolves when systemd knows: should the process that it knows end before, it would end all that it has started. */
  follow(pid: number): Promise<void> {
    return this.#say(mainPid(pid));
  }

  reloading(): Promise<void> {
    return this.#say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): Promise<void> {
    return this.#say('STOPPING=1');
  }

  /**
   * The process that had started this one has ended, and systemd is the parent now. It takes a main process for a stranger that was not
   * its child when it was named, kills it without waiting for its end, and notices no crash: it is named anew, which counts only when
   * another was named between.
   */
  adopted(): Promise<void> {
    return this.#run('/bin/sh', ['-c', '"$0" MAINPID=$$; "$0" "$1"', this.#command, mainPid(process.pid)]);
  }

  close(): void {
    if (this.#signs !== null) clearInterval(this.#signs);
  }

  /** Null: systemd does not wait for any. */
  #giveSigns(): NodeJS.Timeout | null {
    const { WATCHDOG_USEC: time, WATCHDOG_PID: pid } = this.#env;
    const everyMs = Number(time ?? 0) / MICROSECONDS_PER_MS / SIGNS_OF_LIFE;
    if (!(everyMs > 0) || (pid !== undefined && Number(pid) !== process.pid)) return null;
    return setInterval(() => void this.#say('WATCHDOG=1'), everyMs).unref();
  }

  #say(...assignments: readonly string[]): Promise<void> {
    return this.#run(this.#command, assignments);
  }

  /** In the order in which it was asked for. */
  #run(command: string, args: readonly string[]): Promise<void> {
    if (!this.#env['NOTIFY_SOCKET']) return Promise.resolve();
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) => {
          execFile(command, args, { timeout: TIMEOUT_MS }, () => resolve());
        }),
    );
    return this.#last;
  }
}

function mainPid(pid: number): string {
  return `MAINPID=${pid}`;
}
