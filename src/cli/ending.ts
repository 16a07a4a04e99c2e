// What ends a Sluice in the foreground: a signal, faults that come too fast, or another one that takes its place. Rule: however it comes, what
// runs may finish within the grace, and the exit code says whether it did.
import { handoverAddress, handoverDoor, sweepHandovers } from '../control/handover-door.ts';
import type { ProgramTelemetry } from '../runtime/assemble/program-telemetry.ts';
import type { Door } from '../runtime/doors/door.ts';
import { sharesDoors } from '../runtime/doors/door-succession.ts';
import { guardAgainstFaults } from '../runtime/doors/fault-guard.ts';
import { prepareDataDir } from '../runtime/running-file.ts';
import type { Sluice, StopResult } from '../runtime/sluice.ts';
import { listenToSignals } from '../runtime/stop-signals.ts';
import { EXIT } from './exit-codes.ts';
import { Successor } from './successor.ts';

export interface EndingOptions {
  readonly onReload: () => void;
  readonly onStop: () => void;
  readonly isReplaceable: boolean;
}

/** What ends a Sluice: a signal, faults that come too fast, or another one that takes its place. */
export class Ending {
  readonly exitCode: Promise<number>;
  handoverAddress: string | null = null;
  readonly #sluice: Sluice;
  readonly #telemetry: ProgramTelemetry;
  readonly #options: EndingOptions;
  readonly #outcome = Promise.withResolvers<number>();
  readonly #successor: Successor;
  readonly #releases: (() => void)[];
  #handover: Door | null = null;

  constructor(sluice: Sluice, telemetry: ProgramTelemetry, options: EndingOptions) {
    this.#sluice = sluice;
    this.#telemetry = telemetry;
    this.#options = options;
    this.exitCode = this.#outcome.promise;
    this.#successor = new Successor(telemetry.log);
    this.#releases = [this.#listenToSignals(), this.#guardAgainstFaults()];
  }

  #listenToSignals(): () => void {
    const { log } = this.#telemetry;
    const { onReload, isReplaceable } = this.#options;
    return listenToSignals(process, {
      stop: (signal) => {
        log.info({ signal }, 'stopping: what runs may finish, a second signal cuts it');
        this.#stop(EXIT.success);
      },
      force: () => this.#sluice.force(),
      reload: onReload,
      replace: () => {
        if (isReplaceable && sharesDoors) this.#successor.start();
        else
          log.warn({}, 'only `sluice up` on Linux or FreeBSD can be replaced while it runs: SIGUSR2 does nothing here');
      },
    });
  }

  #guardAgainstFaults(): () => void {
    const { log, noteFault } = this.#telemetry;
    return guardAgainstFaults({
      source: process,
      report: (error, origin) => noteFault(error, { origin }),
      giveUp: (faults, withinMs) => {
        log.fatal({ faults, within_ms: withinMs }, 'too many uncaught errors, stopping');
        this.#stop(EXIT.failure);
      },
    });
  }

  #stop(codeWhenClean: number): void {
    this.#options.onStop();
    const { shutdown_grace: graceMs, shutdown_delay: delayMs } = this.#sluice.loaded.config.process;
    this.#endWith(this.#sluice.drain(graceMs, delayMs), codeWhenClean);
  }

  #endWith(stopped: Promise<StopResult>, codeWhenClean: number): void {
    stopped.then(({ cutConnections }) => {
      this.#telemetry.log.info({}, 'stopped');
      this.#outcome.resolve(cutConnections > 0 ? EXIT.forced : codeWhenClean);
    }, this.#outcome.reject);
  }

  /** From now on another Sluice may take the place of this one. Without that it runs all the same. */
  async allowHandover(runToken: string): Promise<void> {
    const { data_dir: dataDir } = this.#sluice.loaded.config.process;
    const address = sharesDoors ? handoverAddress(dataDir, process.pid) : null;
    if (address === null) return;
    const sluice = this.#sluice;
    const handOver = (): Promise<void> => this.#handOver();
    const door = handoverDoor(address, { runToken, state: () => sluice.state, handOver });
    try {
      prepareDataDir(dataDir);
      sweepHandovers(dataDir);
      await door.start();
      this.#handover = door;
      this.handoverAddress = address;
    } catch (err) {
      this.#telemetry.log.warn({ err }, 'no other Sluice will be able to take over from this one');
    }
  }

  async #handOver(): Promise<void> {
    const { stopped } = await this.#sluice.handOver(this.#sluice.loaded.config.process.shutdown_grace);
    this.#successor.takenOver();
    this.#telemetry.log.info({}, 'another Sluice has taken over: what runs here may finish');
    this.#endWith(stopped, EXIT.success);
  }

  async release(): Promise<void> {
    for (const release of this.#releases) release();
    await this.#handover?.close();
  }
}
