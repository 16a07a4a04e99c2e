// Names that several clients of one account share, on whichever nodes they are: who has some, and how many of them are fit for visitors. Rule: all of
// that stands in the one lease of the name, and whoever changes it has read it before; a node that has gone is left out by those that are there.
import type { Lease, SharedState } from '../../state/shared-state.ts';
import { holdKey, leaseName, placeOfLease, placeValue } from './place-text.ts';
import type { DirectoryClaim, PlaceMember, TunnelPlace } from './tunnel-directory.ts';

export interface SharedGroupsOptions {
  readonly state: SharedState;
  /** The id of this node. */
  readonly node: string;
  readonly address: () => string;
  readonly leaseMs: number;
  /** Whether that node has been heard of lately. */
  readonly isThere: (node: string) => boolean;
  readonly events: SharedGroupsEvents;
}

export interface SharedGroupsEvents {
  /** Of this node's own writing: others are to be told. */
  written(place: TunnelPlace): void;
  /** Nobody has the name any more. */
  gone(name: string, account: string, fence: number): void;
  /** Somebody has taken the name for one client alone. */
  lost(name: string, place: TunnelPlace): void;
  /** It is another account's. */
  refused(name: string): void;
}

interface Own {
  readonly account: string;
  /** Of those here, how many are fit. */
  clients: number;
  /** null: another node has written last. */
  lease: Lease | null;
  /** null: it has yet to be written that some are here. */
  place: TunnelPlace | null;
  isToBeCompared: boolean;
  /** How long the name waits for its account; 0: nobody has said so yet. */
  holdMs: number;
}

/** Others have written between; then it is read again. */
const TRIES = 20;

export class SharedGroups {
  readonly #options: SharedGroupsOptions;
  readonly #own = new Map<string, Own>();
  /** What is under way for a name, one after the other. */
  readonly #work = new Map<string, Promise<unknown>>();

  constructor(options: SharedGroupsOptions) {
    this.#options = options;
  }

  accountOf(name: string): string | null {
    return this.#own.get(name)?.account ?? null;
  }

  /** undefined: nobody who shares that name is here. */
  find(name: string): TunnelPlace | undefined {
    const own = this.#own.get(name);
    if (own === undefined) return undefined;
    const { node, address } = this.#options;
    const alone = { name, account: own.account, node, address: address(), fence: 0, isHere: true };
    return own.place ?? { ...alone, members: [this.#me(own)] };
  }

  /** Rejects when nobody can be asked; it is this node's then as far as that knows. */
  claim(name: string, account: string, clients: number): Promise<DirectoryClaim> {
    const own: Own = { account, clients, lease: null, place: null, isToBeCompared: false, holdMs: 0 };
    this.#own.set(name, own);
    return this.#inTurn(name, async () => {
      const claim = await this.#write(name, own, () => true);
      if (claim.kind === 'taken' && this.#own.get(name) === own) this.#own.delete(name);
      return claim;
    });
  }

  /** Others of those here are fit than before. */
  count(name: string, clients: number): void {
    const own = this.#own.get(name);
    if (own === undefined || own.clients === clients) return;
    own.clients = clients;
    this.#compareSoon(name, own);
  }

  /** A state that has forgotten everything is told so again. */
  hold(name: string, holdMs: number): void {
    const own = this.#own.get(name);
    if (own !== undefined) own.holdMs = holdMs;
  }

  /** Those here are on their way to other nodes: whoever comes knows that they were here just now. */
  async sendAway(name: string, hold: (account: string) => Promise<void>): Promise<void> {
    const own = this.#own.get(name);
    if (own === undefined) return;
    this.#own.delete(name);
    await this.#inTurn(name, async () => {
      await hold(own.account);
      await this.#quit(name, own.account, true);
    });
  }

  /** Nobody is here any more. `first`: what has to be done before others hear of it. */
  async release(name: string, first: () => Promise<void> = async () => {}): Promise<void> {
    const own = this.#own.get(name);
    if (own === undefined) return;
    this.#own.delete(name);
    await this.#inTurn(name, async () => {
      await first();
      await this.#quit(name, own.account);
    });
  }

  /** Without anybody being told. */
  drop(name: string): void {
    this.#own.delete(name);
  }

  /** Another node has told of a name. */
  heard(name: string, place: TunnelPlace | null): void {
    const own = this.#own.get(name);
    if (own === undefined || (own.place !== null && place !== null && place.fence < own.place.fence)) return;
    // Whether all of them are there is asked from time to time: two nodes that disagree on that would write for ever.
    if (place !== null && this.#isListed(own, place)) this.#note(own, place);
    else this.#compareSoon(name, own);
  }

  /** All leases of this node, and what others have written; called from time to time. */
  async renew(): Promise<void> {
    const { state, leaseMs } = this.#options;
    const leased = [...this.#own.values()].flatMap((own) => (own.lease === null ? [] : [{ own, lease: own.lease }]));
    const renewed = await state.renew(
      leased.map(({ lease }) => lease),
      leaseMs,
    );
    for (const [index, { own, lease }] of leased.entries()) {
      if (renewed[index] !== true && own.lease === lease) own.lease = null;
    }
    const open = [...this.#own].filter(
      ([, own]) => own.lease === null || own.place === null || this.#hasDead(own.place),
    );
    await Promise.all(open.map(([name, own]) => this.#inTurn(name, () => this.#compare(name, own))));
  }

  async leave(): Promise<void> {
    await Promise.allSettled([...this.#own.keys()].map((name) => this.release(name)));
  }

  // --------------------------------------------------------------------------------------------------------------------

  #inTurn<T>(name: string, what: () => Promise<T>): Promise<T> {
    const done = (this.#work.get(name) ?? Promise.resolve()).then(what, what);
    this.#work.set(name, done);
    const forget = (): void => {
      if (this.#work.get(name) === done) this.#work.delete(name);
    };
    done.then(forget, forget);
    return done;
  }

  #compareSoon(name: string, own: Own): void {
    if (own.isToBeCompared) return;
    own.isToBeCompared = true;
    this.#inTurn(name, () => this.#compare(name, own)).catch(() => {
      // Nobody can be asked; it is compared again from time to time.
    });
  }

  /** What is written of those here is right, or is made so. */
  async #compare(name: string, own: Own): Promise<void> {
    own.isToBeCompared = false;
    if (this.#own.get(name) !== own) return;
    const { state, node, events, isThere } = this.#options;
    const lease = await state.holder(leaseName(name));
    if (this.#own.get(name) !== own) return;
    const place = lease === null ? null : placeOfLease(name, lease, node);
    if (lease !== null && place !== null && this.#isListed(own, place) && !this.#hasDead(place)) {
      this.#note(own, place);
      own.lease = lease.owner === node ? lease : null;
      return;
    }
    if (place !== null && place.account === own.account && place.members === undefined && place.node !== node) {
      this.#own.delete(name);
      events.lost(name, place);
      return;
    }
    const claim = await this.#write(name, own, isThere);
    if (claim.kind !== 'taken' || this.#own.get(name) !== own) return;
    this.#own.delete(name);
    events.refused(name);
  }

  async #write(name: string, own: Own, isThere: (node: string) => boolean): Promise<DirectoryClaim> {
    const { state, node } = this.#options;
    const held = await state.get(holdKey(name));
    if (held !== null && held !== own.account) return { kind: 'taken' };
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const before = await state.holder(leaseName(name));
      const known = before === null ? null : placeOfLease(name, before, node);
      if (known !== null && known.account !== own.account) return { kind: 'taken' };
      const others = (known?.members ?? []).filter((member) => member.node !== node && isThere(member.node));
      const lease = await this.#put(name, { account: own.account, members: [...others, this.#me(own)], before });
      if (lease === null) continue;
      const isAlone = known !== null && known.members === undefined;
      return this.#written(name, own, lease, isAlone ? known.node : null);
    }
    return { kind: 'alone' };
  }

  async #written(name: string, own: Own, lease: Lease, before: string | null): Promise<DirectoryClaim> {
    const { node, events } = this.#options;
    // They have gone meanwhile; if others have come, these write themselves.
    if (this.#own.get(name) !== own) {
      if (!this.#own.has(name)) await this.#quit(name, own.account);
      return { kind: 'alone' };
    }
    const place = placeOfLease(name, lease, node);
    own.lease = lease;
    own.place = place;
    events.written(place);
    if (own.holdMs > 0) void this.#options.state.put(holdKey(name), own.account, own.holdMs).catch(() => {});
    return { kind: 'mine', place, before };
  }

  /** Those that stay take it from there. */
  async #quit(name: string, account: string, isOnItsWay = false): Promise<void> {
    const { state, node, events } = this.#options;
    for (let attempt = 0; attempt < TRIES && !this.#own.has(name); attempt += 1) {
      const before = await state.holder(leaseName(name));
      const known = before === null ? null : placeOfLease(name, before, node);
      if (known?.account !== account || known.members?.some((member) => member.node === node) !== true) return;
      const members = known.members.filter((member) => member.node !== node);
      if (members.length === 0 && isOnItsWay) return;
      const lease = await this.#put(name, { account, members, before });
      if (lease === null) continue;
      if (members.length > 0) events.written(placeOfLease(name, lease, node));
      else if (await state.release(lease)) events.gone(name, account, lease.fence);
      return;
    }
  }

  /** null: somebody else has written since. */
  async #put(name: string, { account, members, before }: Writing): Promise<Lease | null> {
    const { state, node, address, leaseMs } = this.#options;
    const value = placeValue(account, address(), members);
    const wish = { name: leaseName(name), owner: node, value, ttlMs: leaseMs };
    const { isMine, lease } = await state.claim(before === null ? wish : { ...wish, takesOver: before.fence });
    return isMine ? lease : null;
  }

  #note(own: Own, place: TunnelPlace): void {
    own.place = place;
    if (own.lease !== null && own.lease.fence < place.fence) own.lease = null;
  }

  /** Those here are counted in it, and whoever has written it will renew it. */
  #isListed(own: Own, { account, node, members }: TunnelPlace): boolean {
    const mine = members?.find((member) => member.node === this.#options.node);
    if (account !== own.account || mine === undefined || mine.clients !== own.clients) return false;
    const isKept = members?.some((member) => member.node === node) === true;
    return isKept && mine.address === this.#options.address();
  }

  #hasDead({ members = [] }: Pick<TunnelPlace, 'members'>): boolean {
    return members.some(({ node }) => node !== this.#options.node && !this.#options.isThere(node));
  }

  #me({ clients }: Own): PlaceMember {
    const { node, address } = this.#options;
    return { node, address: address(), clients };
  }
}

interface Writing {
  readonly account: string;
  readonly members: readonly PlaceMember[];
  /** What was read; null: there was nothing. */
  readonly before: Lease | null;
}
