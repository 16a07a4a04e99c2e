// What nodes tell each other of backends and proxies that they have given up. Rule: it is a hint and no verdict: who hears of it looks for itself, or
// bears with one failure less; a node that is cut off from a backend takes it from nobody else.
import type { SharedState } from '../../state/shared-state.ts';
import type { PoolMemberReport } from '../hops/hop-metrics.ts';

/** Of what the hint is. */
export interface SuspectedMember {
  readonly pool: string;
  readonly member: string;
}

export interface HealthHintsOptions {
  readonly state: Pick<SharedState, 'publish' | 'hear'>;
  /** The id of this node. */
  readonly node: string;
  readonly members: () => readonly Pick<PoolMemberReport, 'hop' | 'name' | 'isHealthy'>[];
  readonly suspect: (suspected: SuspectedMember) => void;
}

const LOOK_EVERY_MS = 1_000;
const CHANNEL = 'health';

export class HealthHints {
  readonly #options: HealthHintsOptions;
  #givenUp: ReadonlySet<string> = new Set();
  readonly #timer: NodeJS.Timeout;

  constructor(options: HealthHintsOptions) {
    this.#options = options;
    options.state.hear(CHANNEL, (text) => this.#hear(text));
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Tells the others whom this node has given up since it has looked last. */
  look(): void {
    const { state, node, members } = this.#options;
    const now = new Set<string>();
    for (const { hop, name, isHealthy } of members()) {
      if (isHealthy) continue;
      const key = `${hop}\n${name}`;
      now.add(key);
      const hint = JSON.stringify({ node, pool: hop, member: name });
      // Nobody needs it when it cannot be told now: the others find out by themselves.
      if (!this.#givenUp.has(key)) void state.publish(CHANNEL, hint).catch(() => {});
    }
    this.#givenUp = now;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #hear(text: string): void {
    const hint = hintOf(text);
    if (hint !== null && hint.node !== this.#options.node) this.#options.suspect(hint);
  }
}

/** Nodes may be of different versions. */
function hintOf(text: string): (SuspectedMember & { readonly node: string }) | null {
  try {
    const { node, pool, member } = JSON.parse(text) as Record<string, unknown>;
    const isWhole = typeof node === 'string' && typeof pool === 'string' && typeof member === 'string';
    return isWhole ? { node, pool, member } : null;
  } catch {
    return null;
  }
}
