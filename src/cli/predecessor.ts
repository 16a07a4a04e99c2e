// The running Sluice whose place `sluice up --takeover` takes. Rule: it is told to let go only when everything of ours is open; until
// then it can tell no difference, and neither can anybody else.
import { HANDOVER_PATH, type HandoverStatus } from '../control/handover-door.ts';
import { AdminClient } from '../control/admin-client.ts';
import { SluiceError } from '../core/errors.ts';
import { findOtherRunning } from '../runtime/running-file.ts';
import { sharesDoors } from '../runtime/doors/door-succession.ts';

/** Its control plane may have answers to finish first. */
const TIMEOUT_MS = 10_000;
const GONE_CHECK_MS = 250;

export class Predecessor {
  readonly pid: number;
  readonly version: string;
  readonly #client: AdminClient;

  constructor(pid: number, version: string, client: AdminClient) {
    this.pid = pid;
    this.version = version;
    this.#client = client;
  }

  /** Rejects when it is not one that can be replaced now. */
  async check(): Promise<void> {
    const { state } = await this.#client
      .get<HandoverStatus>(HANDOVER_PATH)
      .catch((cause: unknown) => this.#fail(cause));
    if (state === 'ready') return;
    const why = state === 'starting' ? 'it has not started yet' : 'it is being replaced, or is stopping';
    throw takeoverFailed(`The Sluice with the process id ${this.pid} cannot be replaced now: ${why}.`);
  }

  /** Resolves when its control plane is ours; false: it has ended by itself meanwhile. */
  async letGo(): Promise<boolean> {
    try {
      await this.#client.post<HandoverStatus>(HANDOVER_PATH);
      return true;
    } catch (cause) {
      if (!isAlive(this.pid)) return false;
      return this.#fail(cause);
    }
  }

  /** `then` is called once, when its process has ended. Keeps nothing running. */
  whenGone(then: () => void): () => void {
    const timer = setInterval(() => {
      if (isAlive(this.pid)) return;
      clearInterval(timer);
      then();
    }, GONE_CHECK_MS).unref();
    return () => clearInterval(timer);
  }

  #fail(cause: unknown): never {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw takeoverFailed(`The Sluice with the process id ${this.pid} did not let itself be replaced: ${why}`, cause);
  }
}

/** Null: nobody runs with this data folder. */
export async function findPredecessor(dataDir: string): Promise<Predecessor | null> {
  if (!sharesDoors) {
    throw takeoverFailed('--takeover needs a system on which two programs can share a port: Linux or FreeBSD.');
  }
  const running = findOtherRunning(dataDir);
  if (running === undefined) return null;
  const { pid, version, handover, token } = running;
  if (handover === undefined) {
    const message = `The Sluice with the process id ${pid} (version ${version}) cannot be replaced while it runs: stop it, then start this one.`;
    throw takeoverFailed(message);
  }
  const predecessor = new Predecessor(
    pid,
    version,
    new AdminClient({ address: handover, token, timeoutMs: TIMEOUT_MS }),
  );
  await predecessor.check();
  return predecessor;
}

function takeoverFailed(message: string, cause?: unknown): SluiceError {
  return new SluiceError('takeover_failed', { message, cause });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
