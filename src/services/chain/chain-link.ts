// What whoever dials through a chain is given: the finished connection, or what became of every attempt. Types only.
// Rule: exactly one of onConnected and onFailed is called, later than the call that dials, or neither after cancel().
import type { Buffer } from 'node:buffer';
import type { ErrorCode, SluiceError } from '../../core/errors.ts';
import type { Connection } from '../../transport/connection.ts';
import type { DialTimings } from '../../transport/dial.ts';
import type { Group } from '../balance/group.ts';
import type { Member } from '../balance/member.ts';
import type { HopAuth } from './auth/hop-auth.ts';
import type { Credentials, ProxyEndpoint } from './proxy-endpoint.ts';

/** Where the bytes are to go. */
export interface Destination {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * What a failure says about the hop that it names: `member` it is at fault, `auth` it refuses our credentials, `busy` it
 * wants to be left alone for a while, `policy` it will not do this, `configuration` it cannot do this, `ambiguous` it or
 * what lies behind it is at fault, `none` nothing.
 */
export type Blame = 'member' | 'auth' | 'busy' | 'policy' | 'configuration' | 'ambiguous' | 'none';

export interface ChainTimings extends DialTimings {
  /** From the first byte to the first hop until the last hop had answered, the hops' own TLS included. */
  readonly hopsMs: number;
}

/** A proxy that a connection goes through, in the order of the chain. */
export interface ChainHop {
  /** The name of the hop, which is that of its group. */
  readonly hop: string;
  readonly member: Member<ProxyEndpoint>;
  /** With the credentials of this connection. */
  readonly endpoint: ProxyEndpoint;
}

/** One attempt that failed: for Proxy-Status, the log and the error that the client gets. */
export interface ChainAttempt {
  /** The hop and its member that the failure is laid to; empty for a direct connection. */
  readonly hop: string;
  readonly member: string;
  readonly blame: Blame;
  readonly code: ErrorCode;
  /** For a person; holds no secret. */
  readonly message: string;
  readonly durationMs: number;
}

export interface ChainAsk {
  /** Requests with the same key go to the same member where the strategy cares; null: any. */
  readonly key: string | null;
  /** Only members with these tags. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** Where the first request will go when the destination is null: some proxies want to authenticate before it. */
  readonly firstRequestTo?: Destination;
  /**
   * The member to go through, where something else than the group's strategy decides (a session that is bound to one).
   * undefined: let the group pick; null: nobody will do.
   */
  choose?(
    group: Group<ProxyEndpoint>,
    tried: ReadonlySet<Member<ProxyEndpoint>>,
  ): Member<ProxyEndpoint> | null | undefined;
  /** Who to be at a member, where that depends on the session; null: as configured. */
  credentialsFor?(endpoint: ProxyEndpoint): Credentials | null;
}

export interface ChainLink {
  /** Paused, with no handler of its own yet. */
  readonly connection: Connection;
  /** What came behind the last hop's answer: it belongs before everything that the connection reads. */
  readonly leftover: Buffer;
  readonly hops: readonly ChainHop[];
  readonly attempts: readonly ChainAttempt[];
  readonly timings: ChainTimings;
  /** For requests in absolute-form to the last hop, on this connection alone; null when it asks for no credentials. */
  readonly auth: HopAuth | null;
  /** To be called once, when the connection has ended. */
  release(end: LinkEnd): void;
}

export interface LinkEnd {
  /** To the destination, and from there. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** It was cut by the other side. */
  readonly wasReset: boolean;
}

export interface ChainFailure {
  readonly error: SluiceError;
  readonly attempts: readonly ChainAttempt[];
  /** When to try again, if anything is known about that. */
  readonly retryAfterMs: number | null;
}

export interface ChainHandler {
  onConnected(link: ChainLink): void;
  onFailed(failure: ChainFailure): void;
}

/** A dialling under way. */
export interface Dialling {
  /** Gives up; the handler hears nothing more. */
  cancel(): void;
}

/**
 * What dials through a chain. `destination: null` asks for a connection to the last hop itself, for requests in
 * absolute-form; `ask` may be null where nothing is asked for.
 */
export interface ChainDialler {
  readonly name: string;
  dial(destination: Destination | null, ask: ChainAsk | null, handler: ChainHandler): Dialling;
}
