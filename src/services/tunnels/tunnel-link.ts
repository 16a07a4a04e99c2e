// A client that is connected, as everybody but its own session knows it, whatever dialect it speaks. Types only. Rule: which dialect that
// is shows nowhere but in what it can carry.
import type { Buffer } from 'node:buffer';
import type { StreamOpenFields } from '../../codec/tunnel/messages.ts';
import type { AccountMeter } from './account-meter.ts';
import type { TcpWishParts } from './tcp-tunnels.ts';
import type { SentPart, StreamEvents, StreamTrailers } from './tunnel-stream.ts';

/** One request on its way through it. */
export interface LinkStream {
  /** The bytes may be reused at once. False: wait for `drain`. */
  send(bytes: Buffer, part: SentPart): boolean;
  /** The visitor takes bytes again. */
  resume(): void;
  /** Nothing more comes from the visitor, who still listens. Where the dialect knows no such thing, nothing is said. */
  endHalf?(trailers?: StreamTrailers): void;
  /** After everything that was sent, as `close`. */
  finish?(code: number | null, reason: string): void;
  /** Nobody waits for it any more. */
  close(code?: number | null, reason?: string): void;
  reset(reason: string): void;
}

export interface TunnelLink {
  /** Of the tunnels that lead to it. */
  readonly names: Set<string>;
  /** Of these those whose TLS the local server ends, and what is wished for them. */
  readonly tlsTunnels?: ReadonlyMap<string, TcpWishParts>;
  readonly account: string;
  /** Of its account; null until that is known. */
  readonly meter: AccountMeter | null;
  readonly remoteAddress: string;
  readonly openedAtMs: number;
  /** 0: of the generation 2.x. */
  readonly version: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly streamCount: number;
  readonly streamsOpened: number;
  /** null as long as there was none. */
  readonly roundTripMs: number | null;
  readonly isOpen: boolean;
  /** What a request may bring along. */
  readonly maxBodyBytes: number;
  /** Bodies come along with their requests, whole. */
  readonly needsWholeBodies: boolean;
  readonly takesWebSockets: boolean;
  /** The app itself is asked whether it wants a body, and says what comes before its answer; bodies go as they come, with trailers. */
  readonly passesExpectations?: boolean;
  /** An answer comes only when its client has all of it. */
  readonly gathersAnswers?: boolean;
  /** `user:password`, which visitors of that tunnel have to show here; null: nothing is asked of them. */
  basicAuthOf(name: string): string | null;

  /** null: as many run as may, or the client is gone. */
  open(request: Omit<StreamOpenFields, 'streamId'>, body: Buffer | null, events: StreamEvents): LinkStream | null;
  /** Another client of the same account has the name now. */
  replaced(name: string): void;
  removed(name: string): void;
  close(code?: number, reason?: string): void;
  /** The server is going away; what runs may end within the grace. */
  drain(reason: string, graceMs: number): void;
}

/** What a request needs of the client that it goes to. */
export type VisitLink = Pick<
  TunnelLink,
  | 'meter'
  | 'isOpen'
  | 'version'
  | 'maxBodyBytes'
  | 'needsWholeBodies'
  | 'takesWebSockets'
  | 'tlsTunnels'
  | 'passesExpectations'
  | 'gathersAnswers'
  | 'basicAuthOf'
  | 'open'
>;
