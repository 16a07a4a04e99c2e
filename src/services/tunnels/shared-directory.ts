// The directory of tunnels by the state that nodes share, or that of one process. Rule: a name is claimed by a lease that is renewed as long as its
// client is here; while nobody can be asked, names that are known keep working, and what was given away meanwhile is claimed afterwards.
import type { Lease, Listening, SharedState } from '../../state/shared-state.ts';
import { PlaceBook } from './place-book.ts';
import {
  holdKey,
  leaseName,
  newsOf,
  newsText,
  placeOfLease,
  placeOfNews,
  placeValue,
  type PlaceNews,
} from './place-text.ts';
import { PlaceWaits } from './place-waits.ts';
import { SharedGroups } from './shared-groups.ts';
import type { DirectoryClaim, DirectoryEvents, TunnelDirectory, TunnelPlace } from './tunnel-directory.ts';

export interface SharedDirectoryOptions {
  readonly state: SharedState;
  /** The id of this node. */
  readonly node: string;
  /** Where other nodes reach it. */
  readonly address: () => string;
  readonly events: DirectoryEvents;
  /** Whether that node has been heard of lately. Missing: all have. */
  readonly isThere?: (node: string) => boolean;
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
  /** It is being claimed for its client, who may take it away from another node. */
  isNew: boolean;
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
  readonly #groups: SharedGroups;
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
    const { state, node, address, isThere = () => true } = options;
    this.#groups = new SharedGroups({
      state,
      node,
      address,
      isThere,
      leaseMs: this.#leaseMs,
      events: {
        written: (place) => {
          this.#put(place.name, place, place.fence);
          void this.#tell(place);
        },
        gone: (name, account, fence) => {
          this.#put(name, null, fence);
          void this.#tell({ name, node: '', account, address: '', fence });
        },
        lost: (name, place) => options.events.lost(name, place),
        refused: (name) => options.events.refused(name),
      },
    });
    this.#ears = options.state.hear(
      CHANNEL,
      (text) => this.#hear(text),
      () => this.#heardAgain(),
    );
    this.#timer = setInterval(() => void this.renew(), this.#leaseMs / RENEWALS_PER_LEASE).unref();
  }

  async claim(name: string, account: string): Promise<DirectoryClaim> {
    if ((this.#accountOf(name) ?? account) !== account) return { kind: 'taken' };
    const own: Own = { account, lease: null, holdMs: 0, isNew: true };
    const before = this.#own.get(name);
    this.#groups.drop(name);
    this.#own.set(name, own);
    this.#waits.wake(name);
    try {
      const claim = await this.#claim(name, own);
      if (claim.kind === 'taken') this.#giveBack(name, own, before);
      return claim;
    } catch {
      return { kind: 'alone' };
    } finally {
      own.isNew = false;
    }
  }

  async share(name: string, account: string, clients: number): Promise<DirectoryClaim> {
    if ((this.#accountOf(name) ?? account) !== account) return { kind: 'taken' };
    this.#own.delete(name);
    this.#waits.wake(name);
    try {
      return await this.#groups.claim(name, account, clients);
    } catch {
      return { kind: 'alone' };
    }
  }

  count(name: string, clients: number): void {
    this.#groups.count(name, clients);
  }

  async hold(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    if (own !== undefined) own.holdMs = holdMs;
    this.#groups.hold(name, holdMs);
    const account = this.#accountOf(name);
    if (account !== null) await this.#options.state.put(holdKey(name), account, holdMs).catch(() => {});
  }

  async release(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    const account = this.#accountOf(name);
    if (account === null) return;
    this.#own.delete(name);
    // First: nobody else may have it in between.
    const hold = (): Promise<void> => this.#options.state.put(holdKey(name), account, holdMs);
    try {
      if (own === undefined) await this.#groups.release(name, hold);
      else {
        await hold();
        await this.#drop(name, own);
      }
    } catch {
      // The lease ends by itself.
    }
  }

  async sendAway(name: string, holdMs: number): Promise<void> {
    const own = this.#own.get(name);
    this.#own.delete(name);
    // Its lease goes on for as long as it takes, so that whoever comes knows that it was here just now.
    const hold = (account: string): Promise<void> => this.#options.state.put(holdKey(name), account, holdMs);
    if (own === undefined) await this.#groups.sendAway(name, hold).catch(() => {});
    else await hold(own.account).catch(() => {});
  }

  async forget(name: string): Promise<void> {
    const own = this.#own.get(name);
    this.#own.delete(name);
    const dropped = this.#options.state.drop(holdKey(name));
    try {
      await Promise.all([
        dropped.then(() => (own === undefined ? undefined : this.#drop(name, own))),
        this.#groups.release(name),
      ]);
    } catch {
      // As above.
    }
  }

  find(name: string): TunnelPlace | null | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return this.#placeOfOwn(name, own);
    return this.#groups.find(name) ?? this.#book.find(name);
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
      if (this.#groups.accountOf(name) !== null) return this.#groups.find(name) ?? null;
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
    await Promise.allSettled([...names.map(([name, own]) => this.#drop(name, own)), this.#groups.leave()]);
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
      await this.#groups.renew();
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
    for (const [name, own] of this.#own) if (own.lease === null && !own.isNew) await this.#claimAgain(name, own);
  }

  /** Its lease is over: because nobody could be asked, because the state has forgotten it, or because another node has the name. */
  async #claimAgain(name: string, own: Own): Promise<void> {
    const claim = await this.#claim(name, own);
    if (claim.kind === 'mine' && own.holdMs > 0) await this.hold(name, own.holdMs);
    if (claim.kind !== 'taken' || this.#own.get(name) !== own) return;
    this.#own.delete(name);
    this.#options.events.refused(name);
  }

  async #claim(name: string, own: Own): Promise<DirectoryClaim> {
    const { state, node } = this.#options;
    const held = await state.get(holdKey(name));
    if (held !== null && held !== own.account) return { kind: 'taken' };
    const wish = { name: leaseName(name), owner: node, value: this.#valueOf(own), ttlMs: this.#leaseMs };
    let claimed = await state.claim(wish);
    if (!claimed.isMine && !own.isNew) return this.#isElsewhere(name, own, claimed.lease);
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

  /** Its client has come to another node while nobody knew that it was here: whoever came last has it. */
  #isElsewhere(name: string, own: Own, lease: Lease): DirectoryClaim {
    const place = this.#placeOf(name, lease);
    this.#put(name, place, lease.fence);
    if (this.#own.get(name) === own) this.#lose(name, own, place);
    return { kind: 'alone' };
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
  async #tell(news: PlaceNews): Promise<void> {
    await this.#options.state.publish(CHANNEL, newsText(news)).catch(() => {});
  }

  #hear(text: string): void {
    const news = newsOf(text);
    if (news === null) return;
    const { name, node, fence } = news;
    const own = this.#own.get(name);
    const isHere = node === this.#options.node;
    const place = placeOfNews(news, this.#options.node);
    this.#put(name, place, fence);
    if (!isHere) this.#groups.heard(name, place);
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

  #placeOf(name: string, lease: Lease): TunnelPlace {
    return placeOfLease(name, lease, this.#options.node);
  }

  #valueOf({ account }: Own): string {
    return placeValue(account, this.#options.address());
  }

  /** null: nobody who has it is here. */
  #accountOf(name: string): string | null {
    return this.#own.get(name)?.account ?? this.#groups.accountOf(name);
  }
}
