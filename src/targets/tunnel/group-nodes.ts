// To which of the nodes that have clients of a shared name a visitor comes. Rule: each client is as likely as every other, wherever it is connected; a
// visitor who is to come to the same one comes to the same node from everywhere, and a node that has just failed is left out while there is another.
import { hash32, mix32 } from '../../services/balance/hash.ts';
import type { PlaceMember } from '../../services/tunnels/tunnel-directory.ts';

export interface NodeChoice {
  /** Of the visitor; null: any will do. */
  readonly key: string | null;
  readonly mayBe: (member: PlaceMember) => boolean;
}

/** A node that could not be reached. */
const AVOIDED_MS = 5_000;
const MOST_AVOIDED = 1_000;
const RANGE = 2 ** 32;

export class GroupNodes {
  readonly #avoided = new Map<string, number>();
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(now: () => number = Date.now, random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** For a moment, as long as there is another. */
  avoid(address: string): void {
    if (this.#avoided.size >= MOST_AVOIDED) this.#avoided.clear();
    this.#avoided.set(address, this.#now() + AVOIDED_MS);
  }

  /** null: there is none. */
  choose(members: readonly PlaceMember[], { key, mayBe }: NodeChoice): PlaceMember | null {
    const all = members.filter((member) => member.address !== '' && mayBe(member));
    const reached = all.filter(({ address }) => !this.#isAvoided(address));
    const fit = reached.filter(({ clients }) => clients > 0);
    const best = [fit, reached, all].find(({ length }) => length > 0);
    if (best === undefined) return null;
    return key === null ? this.#any(best) : same(best, key);
  }

  #any(members: readonly PlaceMember[]): PlaceMember | null {
    const clients = members.reduce((sum, member) => sum + weightOf(member), 0);
    let left = this.#random() * clients;
    for (const member of members) {
      left -= weightOf(member);
      if (left < 0) return member;
    }
    return members.at(-1) ?? null;
  }

  #isAvoided(address: string): boolean {
    const untilMs = this.#avoided.get(address);
    if (untilMs === undefined) return false;
    if (untilMs > this.#now()) return true;
    this.#avoided.delete(address);
    return false;
  }
}

/** By weighted rendezvous hashing: when a node goes only its own visitors move. */
function same(members: readonly PlaceMember[], key: string): PlaceMember | null {
  const hash = hash32(key);
  let best: PlaceMember | null = null;
  let bestScore = -Infinity;
  for (const member of members) {
    const score = weightOf(member) / -Math.log((mix32(hash, hash32(member.node)) + 0.5) / RANGE);
    if (score <= bestScore) continue;
    best = member;
    bestScore = score;
  }
  return best;
}

/** Where none is fit each is as good as the others. */
function weightOf({ clients }: PlaceMember): number {
  return Math.max(1, clients);
}
