// On which node the client of a tunnel is. Types only. Rule: a name is one node's at a time, and one account's; whoever has lost it hears of it and
// lets its client go, and cannot take it away from whoever has it now.

export interface TunnelPlace {
  readonly name: string;
  readonly account: string;
  /** The id of the node. */
  readonly node: string;
  /** Where other nodes reach it. */
  readonly address: string;
  /** Larger than that of whoever had the name before. */
  readonly fence: number;
  readonly isHere: boolean;
  /** Where several clients share it: the nodes that have some. Missing: it is one client's alone. */
  readonly members?: readonly PlaceMember[];
}

export interface PlaceMember {
  readonly node: string;
  readonly address: string;
  /** How many of them are fit for visitors. */
  readonly clients: number;
}

export type DirectoryClaim =
  | {
      readonly kind: 'mine';
      readonly place: TunnelPlace;
      /** The node that it was on; null: it was on none. */ readonly before: string | null;
    }
  /** It is another account's, whose client is there or will come back. */
  | { readonly kind: 'taken' }
  /** Nobody could be asked: it is this node's as far as that knows, and will be claimed. */
  | { readonly kind: 'alone' };

export interface DirectoryEvents {
  /** Where a name is by the last that was heard; null: nowhere. */
  seen?(name: string, place: TunnelPlace | null): void;
  /** The name is another node's by now: its client has connected there. */
  lost(name: string, place: TunnelPlace): void;
  /** The name is another account's by now: nobody could be asked when it was given away here, or it was not renewed for too long. */
  refused(name: string): void;
}

export interface TunnelDirectory {
  /** The client of that name is connected here. One of the same account, on whatever node, gives way. */
  claim(name: string, account: string): Promise<DirectoryClaim>;
  /** Clients of that name are connected here, so many of which are fit, and share it with those on other nodes. */
  share(name: string, account: string, clients: number): Promise<DirectoryClaim>;
  /** Of those who share it others are fit than before. */
  count(name: string, clients: number): void;
  /** Whatever becomes of this node, it waits so long for its account. */
  hold(name: string, holdMs: number): Promise<void>;
  /** It has gone; the name waits so long for its account. */
  release(name: string, holdMs: number): Promise<void>;
  /** It has been sent to another node: as above, and visitors wait for it. */
  sendAway(name: string, holdMs: number): Promise<void>;
  /** Nobody's from here on. */
  forget(name: string): Promise<void>;
  /** Without asking anybody: undefined: it is not known here; null: it is on no node. */
  find(name: string): TunnelPlace | null | undefined;
  /** As it is known here, or asked for. With nobody to ask, as it was known last. */
  lookUp(name: string): Promise<TunnelPlace | null>;
  /** That node does not have it, or is not there: it is asked for again. */
  doubt(place: TunnelPlace): void;
  /** Its client is not there any more, and has not said that it leaves. Where it comes to; null: it has left, or has not come in time. */
  next(place: TunnelPlace, waitMs: number): Promise<TunnelPlace | null>;
  /** Whose name it is while its client is away; null: nobody's. */
  heldFor(name: string): Promise<string | null>;
  /** Gives up every name of this node, so that others may have them at once. */
  leave(): Promise<void>;
  close(): void;
}
