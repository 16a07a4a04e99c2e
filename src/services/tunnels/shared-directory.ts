// The directory of tunnels by the state that nodes share, or that of one process. Rule: a name is claimed by a lease that is renewed as long as its
// client is here; while nobody can be asked, names that are known keep working, and what was given away meanwhile is claimed afterwards.
import type { Lease, Listening, SharedState } from '../../state/shared-state.ts';
import { PlaceBook } from './place-book.ts';
import { PlaceWaits } from './place-waits.ts';
import type { DirectoryClaim, DirectoryEvents, TunnelDirectory, TunnelPlace } from './tunnel-directory.ts';

export interface SharedDirectoryOptions {
  readonly state: SharedState;
  /** The id of this node. */
  readonly node: string;
  /** Where other nodes reach it. */
  readonly address: () => string;
  readonly events: DirectoryEvents;
  readonly now?: () => number;
  /** How long a name is this node's after it has renewed its lease last. */
  readonly leaseMs?: number;
}

interface Own {
  readonly account: string;
  /** null: it has yet to be claimed. */
  lease: Lease | null;
  /** How long it waits for its account; 0: nobody has said so yet. */
  holdMs: number;
}

interface News {
  readonly name: string;
  /** Empty: on none any more. */
  readonly node: string;
  readonly account: string;
  readonly address: string;
  readonly fence: number;
}

const LEASE_MS = 20_000;
const RENEWALS_PER_LEASE = 4;
const CHANNEL = 'tunnels';
/** Others have come between; then it is asked again. */
const TRIES = 3;
/** Whoever waits for a client asks so often, beside what is heard. */
const ASK_AGAIN_MS = 1_000;
/** A state that is back may have forgotten everything: so long nodes take at most to say anew what they have. */
const SAID_ANEW_MS = 8_000;

export class SharedDirectory implements TunnelDirectory {
  readonly #options: SharedDirectoryOptions;
  readonly #leaseMs: number;
  readonly #book: PlaceBook;
  readonly #own = new Map<string, Own>();
  readonly #asking = new Map<string, Promise<TunnelPlace | null>>();
  readonly #waits = new PlaceWaits();
  readonly #now: () => number;
  readonly #ears: Listening;
  readonly #timer: NodeJS.Timeout;
  #isRenewing = false;
  #isClosed = false;
  #backAtMs = -Infinity;

  constructor(options: SharedDirectoryOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#now = options.now ?? Date.now;
    this.#book = new PlaceBook(this.#now);
    this.#ears = options.state.hear(
      CHANNEL,
      (text) => this.#hear(text),
      () => this.#heardAgain(),
    );
    this.#timer = setInterval(() => void this.renew(), this.#leaseMs / RENEWALS_PER_LEASE).unref();
  }

  async claim(name: string, account: string): Promise<DirectoryClaim> {
    const own: Own = { account, lease: null, holdMs: 0 };
    const before = this.#own.get(name);
    if (before !== undefined && before.account !== account) return { kind: 'taken' };
    this.#own.set(name, own);
    this.#waits.wake(name);
    try {
      const claim = await this.#claim(name, own);
      if (claim.kind === 'taken') this.#giveBack(name, own, before);
      return claim;
    } catch {
      return { kind: 'alone' };
    }
  }

  async hold(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    if (own === undefined) return;
    own.holdMs = holdMs;
    await this.#options.state.put(holdKey(name), own.account, holdMs).catch(() => {});
  }

  async release(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    if (own === undefined) return;
    this.#own.delete(name);
    try {
      // First: nobody else may have it in between.
      await this.#options.state.put(holdKey(name), own.account, holdMs);
      await this.#drop(name, own);
    } catch {
      // The lease ends by itself.
    }
  }

  async sendAway(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    this.#own.delete(name);
    // Its lease goes on for as long as it takes, so that whoever comes knows that it was here just now.
    if (own !== undefined) await this.#options.state.put(holdKey(name), own.account, holdMs).catch(() => {});
  }

  async forget(name: string): Promise<void> {
    const own = this.#own.get(name);
    this.#own.delete(name);
    try {
      await this.#options.state.drop(holdKey(name));
      if (own !== undefined) await this.#drop(name, own);
    } catch {
      // As above.
    }
  }

  find(name: string): TunnelPlace | null | undefined {
    const own = this.#own.get(name);
    return own === undefined ? this.#book.find(name) : this.#placeOfOwn(name, own);
  }

  async lookUp(name: string): Promise<TunnelPlace | null> {
    const known = this.find(name);
    if (known !== undefined) return known;
    const asked = this.#asking.get(name) ?? this.#ask(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asked);
    return asked;
  }

  doubt(place: TunnelPlace): void {
    this.#book.doubt(place);
  }

  async next(place: TunnelPlace, waitMs: number): Promise<TunnelPlace | null> {
    const { name, fence } = place;
    const untilMs = this.#now() + waitMs;
    for (;;) {
      const known = await this.lookUp(name);
      const own = this.#own.get(name);
      if (own !== undefined) return this.#placeOfOwn(name, own);
      if (known === null || known.fence > fence) return known;
      const leftMs = untilMs - this.#now();
      if (leftMs <= 0 || this.#isClosed) return null;
      await this.#waits.news(name, Math.min(leftMs, ASK_AGAIN_MS));
      this.#book.doubt(place);
    }
  }

  async heldFor(name: string): Promise<string | null> {
    return this.#options.state.get(holdKey(name));
  }

  async leave(): Promise<void> {
    const names = [...this.#own];
    this.#own.clear();
    await Promise.allSettled(names.map(([name, own]) => this.#drop(name, own)));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#ears.close();
    this.#waits.wakeAll();
  }

  /** Something may have been said that was not heard, and what was kept may be gone. */
  #heardAgain(): void {
    this.#backAtMs = this.#now();
    this.#book.doubtAll();
    void this.renew();
  }

  /** All of this node's leases; called from time to time. */
  async renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await this.#renewAll();
    } catch {
      // Next time.
    }
    this.#isRenewing = false;
  }

  async #renewAll(): Promise<void> {
    const { state } = this.#options;
    const leased: { readonly name: string; readonly own: Own; readonly lease: Lease }[] = [];
    for (const [name, own] of this.#own) if (own.lease !== null) leased.push({ name, own, lease: own.lease });
    const renewed = await state.renew(
      leased.map(({ lease }) => lease),
      this.#leaseMs,
    );
    for (const [index, { own, lease }] of leased.entries()) {
      if (renewed[index] !== true && own.lease === lease) own.lease = null;
    }
    for (const [name, own] of this.#own) if (own.lease === null) await this.#claimAgain(name, own);
  }

  /** Its lease is over: because nobody could be asked, because the state has forgotten it, or because another node has the name. */
  async #claimAgain(name: string, own: Own): Promise<void> {
    const { state, node, events } = this.#options;
    const holder = await state.holder(leaseName(name));
    if (this.#own.get(name) !== own) return;
    if (holder !== null && holder.owner !== node) {
      const place = this.#placeOf(name, holder);
      this.#put(name, place, holder.fence);
      this.#lose(name, own, place);
      return;
    }
    const claim = await this.#claim(name, own);
    if (claim.kind === 'mine' && own.holdMs > 0) await this.hold(name, own.holdMs);
    if (claim.kind !== 'taken' || this.#own.get(name) !== own) return;
    this.#own.delete(name);
    events.refused(name);
  }

  async #claim(name: string, own: Own): Promise<DirectoryClaim> {
    const { state, node } = this.#options;
    const held = await state.get(holdKey(name));
    if (held !== null && held !== own.account) return { kind: 'taken' };
    const wish = { name: leaseName(name), owner: node, value: this.#valueOf(own), ttlMs: this.#leaseMs };
    let claimed = await state.claim(wish);
    let before: string | null = null;
    for (let attempt = 0; !claimed.isMine && attempt < TRIES; attempt += 1) {
      const place = this.#placeOf(name, claimed.lease);
      if (place.account !== own.account) return { kind: 'taken' };
      before = place.node;
      claimed = await state.claim({ ...wish, takesOver: claimed.lease.fence });
    }
    if (!claimed.isMine) return { kind: 'taken' };
    return this.#claimed(name, own, claimed.lease, before);
  }

  async #claimed(name: string, own: Own, lease: Lease, before: string | null): Promise<DirectoryClaim> {
    // Its client has gone meanwhile, or comes from elsewhere already.
    if (this.#own.get(name) !== own) {
      if (!this.#own.has(name)) await this.#options.state.release(lease);
      return { kind: 'alone' };
    }
    own.lease = lease;
    const place = this.#placeOf(name, lease);
    await this.#tell(place);
    return { kind: 'mine', place, before };
  }

  #giveBack(name: string, own: Own, before: Own | undefined): void {
    if (this.#own.get(name) !== own) return;
    if (before === undefined) this.#own.delete(name);
    else this.#own.set(name, before);
  }

  async #drop(name: string, { lease, account }: Own): Promise<void> {
    if (lease === null) return;
    const { fence } = lease;
    // With nobody to ask it has gone all the same.
    const wasMine = await this.#options.state.release(lease).catch(() => true);
    // Else another node has it, which says so.
    if (!wasMine) return;
    this.#put(name, null, fence);
    await this.#tell({ name, node: '', account, address: '', fence });
  }

  /** Who does not hear it finds out by asking. */
  async #tell({ name, node, account, address, fence }: News): Promise<void> {
    const { state } = this.#options;
    await state.publish(CHANNEL, JSON.stringify({ name, node, account, address, fence })).catch(() => {});
  }

  #hear(text: string): void {
    const news = newsOf(text);
    if (news === null) return;
    const { name, node, account, address, fence } = news;
    const own = this.#own.get(name);
    const isHere = node === this.#options.node;
    const place = node === '' ? null : { name, account, node, address, fence, isHere };
    this.#put(name, place, fence);
    const isLost = own !== undefined && own.lease !== null && !isHere && place !== null && fence > own.lease.fence;
    if (isLost) this.#lose(name, own, place);
  }

  #put(name: string, place: TunnelPlace | null, fence: number): void {
    this.#book.put(name, place, fence);
    this.#options.events.seen?.(name, this.#book.last(name));
    this.#waits.wake(name);
  }

  #lose(name: string, own: Own, place: TunnelPlace): void {
    this.#own.delete(name);
    if (place.account === own.account) this.#options.events.lost(name, place);
    else this.#options.events.refused(name);
  }

  async #ask(name: string): Promise<TunnelPlace | null> {
    try {
      const lease = await this.#options.state.holder(leaseName(name));
      const last = this.#book.last(name);
      // Its node has yet to say so anew.
      if (lease === null && last !== null && !last.isHere && this.#now() - this.#backAtMs < SAID_ANEW_MS) return last;
      const place = lease === null ? null : this.#placeOf(name, lease);
      // Nobody has it: whatever was known of whoever had it is over.
      this.#put(name, place, lease?.fence ?? this.#book.last(name)?.fence ?? 0);
      return place;
    } catch {
      return this.#book.last(name);
    }
  }

  #placeOfOwn(name: string, { account, lease }: Own): TunnelPlace {
    const { node, address } = this.#options;
    return { name, account, node, address: address(), fence: lease?.fence ?? 0, isHere: true };
  }

  #placeOf(name: string, { owner, value, fence }: Lease): TunnelPlace {
    const [account = '', address = ''] = JSON.parse(value) as string[];
    return { name, account, node: owner, address, fence, isHere: owner === this.#options.node };
  }

  #valueOf({ account }: Own): string {
    return JSON.stringify([account, this.#options.address()]);
  }
}

function leaseName(name: string): string {
  return `tunnel:${name}`;
}

function holdKey(name: string): string {
  return `tunnel-held:${name}`;
}

/** Nodes may be of different versions. */
function newsOf(text: string): News | null {
  try {
    const news = JSON.parse(text) as News;
    return typeof news.name === 'string' && typeof news.fence === 'number' ? news : null;
  } catch {
    return null;
  }
}
