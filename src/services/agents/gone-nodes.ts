// Finds out which nodes with runs of agents are gone, so that nobody waits for them. Rule: a node is gone when it has not said for long that it is
// there and, where it can be asked, does not answer; that Redis was away proves nothing.
import type { SharedRuns } from './shared-runs.ts';

export interface GoneNodesOptions {
  readonly runs: SharedRuns;
  /** Whether that node answers at that address; null: nobody can be asked. */
  readonly answers: ((id: string, address: string) => Promise<boolean>) | null;
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 2_000;
/** Those that nobody answers for are given time to say that they are there again. */
const LOOKS = 3;
const KEPT_MS = 86_400_000;
/** Of all that there may be, not only of those that were seen to go. */
const ALL_EVERY_LOOKS = 15;

export class GoneNodes {
  readonly #options: GoneNodesOptions;
  readonly #timer: NodeJS.Timeout;
  /** How often they were looked for in vain. */
  readonly #missed = new Map<string, number>();
  readonly #buried = new Set<string>();
  #seen: readonly string[] = [];
  #looks = 0;
  #isLooking = false;

  constructor(options: GoneNodesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), options.lookEveryMs ?? LOOK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    // What could not be asked is asked again.
    await this.#lookAround().catch(() => {});
    this.#isLooking = false;
  }

  async #lookAround(): Promise<void> {
    const { runs } = this.#options;
    const there = runs.nodes.map(({ id }) => id);
    const hasChanged = this.#seen.some((id) => !there.includes(id));
    this.#seen = there;
    const isDue = this.#looks % ALL_EVERY_LOOKS === 0 || hasChanged || this.#missed.size > 0;
    this.#looks += 1;
    if (!isDue) return;
    for (const [id, { address, at }] of await runs.told.nodes()) {
      if (there.includes(id) || id === runs.node) this.#missed.delete(id);
      else if (Date.now() - at > KEPT_MS) await runs.told.forget(id);
      else if (!this.#buried.has(id)) await this.#missedOne(id, address);
    }
  }

  async #missedOne(id: string, address: string): Promise<void> {
    const { runs, answers } = this.#options;
    const isAsked = answers !== null && address !== '';
    const looks = (this.#missed.get(id) ?? 0) + 1;
    this.#missed.set(id, looks);
    if (isAsked && (await answers(id, address))) this.#missed.set(id, 0);
    else if (isAsked || looks >= LOOKS) {
      await runs.bury(id);
      this.#missed.delete(id);
      this.#buried.add(id);
    }
  }
}
