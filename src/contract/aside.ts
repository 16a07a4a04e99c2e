// A request of our own, beside the one that a client has made: to ask somebody about it, or to copy it. Types only. Rule: what
// happens to it is no answer to the client, and does not end with the client's exchange unless whoever asked ends it.
import type { SluiceError } from '../core/errors.ts';
import type { Fields } from './exchange.ts';

/** A forward target: what else it has is between it and the engine, and not for whoever writes a policy. */
export interface AsideTarget {
  readonly kind: 'forward';
}

export interface AsideRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** What Host says, unless the origin has one of its own; X-Forwarded-Host says it in any case. */
  readonly authority: string;
  /** Those of the connection (Connection, Upgrade, Expect, framing) are left out; what we say of the client is added. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Of the body: -1 when only its end will tell; null: there is none. */
  readonly bodyLength: number | null;
  /** For all of it together. */
  readonly timeoutMs: number;
}

/** Any of it may be called before `aside` has returned. */
export interface AsideEvents {
  /** The answer has begun; the fields are valid only during the call. */
  head(status: number, fields: Fields): void;
  body(bytes: Uint8Array, from: number, to: number): void;
  /** The answer is complete. Nothing follows. */
  end(): void;
  /** There is no answer, or no more of it. Nothing follows. */
  failed(error: SluiceError): void;
  /** More of the request can go out, after `write` answered false. */
  drain?(): void;
}

/** The request's body goes out by it, and it can be given up. */
export interface Aside {
  /** False: what is written from here on is kept until it can go out; `drain` tells. */
  write(bytes: Uint8Array, from: number, to: number): boolean;
  end(): void;
  /** Nothing of its events is called any more. */
  cancel(): void;
}
