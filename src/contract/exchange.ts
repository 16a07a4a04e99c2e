// What a policy or a target sees of one request and its answer. Types only.
// Rule: an exchange belongs to the engine and is reused for the next request of its connection; nobody keeps it, or any
// view of it, past the `done` phase.
import type { Head } from '../codec/http1/head.ts';
import type { NameSet } from '../codec/http1/name-set.ts';
import type { ReadyLines } from '../codec/http1/ready-lines.ts';
import type { ErrorCode, SluiceError } from '../core/errors.ts';
import type { Aside, AsideEvents, AsideRequest, AsideTarget } from './aside.ts';
import type { KeptSource, ReadyAnswer } from './kept-answer.ts';

/** The header fields of one message: names are compared case-blind, order and spelling are kept. Names are given in lower case. */
export interface Fields {
  get(name: string): string | undefined;
  getAll(name: string): string[];
  has(name: string): boolean;
  /** Replaces every field of that name by one. */
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  /** Fields that many messages get alike: made once, they cost each message one copy. */
  appendReady(lines: ReadyLines): void;
  remove(name: string): void;
  /** Removes all fields of these names, made ready once, in one pass. */
  removeAll(names: NameSet): void;
  /** Which of these names are there: a bit for each, the first name is the lowest. */
  whichOf(names: NameSet): number;
  /** Name and value, in order. */
  entries(): [name: string, value: string][];
}

export interface RequestView {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** The target's path as it was sent, without the query. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  /** The host that the request names, in lower case, without the port and a dot at its end. */
  readonly host: string;
  /** Host and port as the request names them. */
  readonly authority: string;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  readonly fields: Fields;
  readonly hasBody: boolean;
  /** Path and query that servers are asked for in place of what was sent; empty: nothing has been put in its place. */
  upstreamTarget: string;
  /** How large its head was when it came in, whatever has been changed since. */
  readonly targetBytes: number;
  readonly headBytes: number;
  readonly fieldCount: number;
  /** The client asks to switch protocols; the fields by which it does so are the connection's. */
  readonly wantsUpgrade: boolean;
  /** The client takes fields behind an answer: `TE: trailers`. */
  readonly takesTrailers: boolean;
  /** To which one, in lower case; empty: to none. */
  readonly upgradeProtocol: string;
}

export interface ResponseView {
  status: number;
  /** Made here, not received from an upstream, now or when it was kept. */
  readonly isOurs: boolean;
  /** It was kept in more than one encoding, and is in the one that this client gets. */
  readonly isNegotiated?: boolean;
  readonly fields: Fields;
  /** What has followed its body: known from the `end` of its transforms on. */
  readonly trailers: readonly [name: string, value: string][];
}

export interface ClientView {
  readonly address: string;
  readonly port: number;
  /** Of ours, that it has come in on. */
  readonly localPort: number;
  readonly secure: boolean;
  /** The name that the client asked for in its TLS handshake, or empty. */
  readonly serverName: string;
}

/** An answer that is known whole. */
export interface Answer {
  readonly status: number;
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** What has come of the body of a request. */
export interface EarlyBytes {
  readonly bytes: Uint8Array;
  /** Nothing of it follows. */
  readonly isWhole: boolean;
}

/** Who answers an exchange piece by piece; it also gets the request's body. See Exchange.produce. */
export interface Producer {
  /** A part of the request's body; the bytes are valid only during the call. */
  takeBody(bytes: Uint8Array, from: number, to: number): void;
  /** The request is complete. */
  takeEnd(): void;
  /** The client can take more, after `write` answered false. */
  resume(): void;
  /** The client is gone or the exchange was given up: nothing will be read or written any more. */
  cancel(error: SluiceError): void;
}

/** Who takes over a connection that has left HTTP. Nothing of it is called before the call that gave it over has returned. */
export interface SwitchedPeer {
  /** What the client says; the bytes are valid only during the call. */
  take(bytes: Uint8Array, from: number, to: number): void;
  /** The client says nothing more; it may still listen. */
  ended(): void;
  /** The client takes more, after `write` answered false. */
  resume(): void;
  /** The connection is gone. Called once, and last. */
  closed(): void;
}

/** The client's side of it. What is written comes after the head that has left HTTP. */
export interface SwitchedConnection {
  /** False: wait for the peer's `resume`. The bytes may be reused at once. */
  write(bytes: Uint8Array, from: number, to: number): boolean;
  /** Holds back what the client says. */
  pause(): void;
  resume(): void;
  /** Nothing more will be written. */
  end(): void;
  /** Ends at once. */
  cut(): void;
}

export interface Exchange {
  /** Short and unique; shown to the client when something fails, and written to the log. */
  readonly id: string;
  readonly door: string;
  readonly route: string;
  readonly client: ClientView;
  /** When its request had come, as performance.now() counts. */
  readonly startedAtMs: number;
  /** Who the client has proved to be; empty as long as nobody has looked. */
  user: string;
  /** What the client's requests have in common, for whoever keeps them on one way; empty without a wish. */
  session: string;
  /** How long the session is to last, in milliseconds; 0: as configured. */
  sessionTtlMs: number;
  /** Which member of which group the request has gone to, as a person would name it; empty without a choice. */
  exit: string;
  /** What was tried on the way and how it ended, for Proxy-Status; empty when the first attempt succeeded. */
  trail: string;
  /** What the target gets back with the report of an attempt; its own business. */
  ticket: number;
  readonly request: RequestView;
  /** Filled once an answer has begun. */
  readonly response: ResponseView;
  /** Why it has failed; null as long as it has not. An answer of ours that says so passes through `response` as any other does. */
  readonly errorCode: ErrorCode | null;

  /** Sends a request of our own beside this exchange, with its id and what is said of its client. */
  aside(target: AsideTarget, request: AsideRequest, events: AsideEvents): Aside;

  /**
   * Sends a request of our own on the same route, through the policies that stand behind the one that `keepsAnswers`, and to the same
   * target. It lives as long as whoever asked lets it, whatever becomes of this exchange.
   */
  askAgain(request: AsideRequest, events: AsideEvents): Aside;

  /**
   * For the request phase: waits until `most` bytes of the body have come, or `isEnough` says so of what has, or all of it is there. It
   * goes on its way afterwards as if nobody had looked. Does not settle when the exchange ends before.
   */
  readBody(most: number, isEnough?: (soFar: Uint8Array) => boolean): Promise<EarlyBytes>;

  /** Answers at once and ends the request phases. */
  answer(answer: Answer): void;
  /**
   * For a policy that `keepsAnswers`. In its `request` phase: gives what it has kept and ends the request phases. In its `response`
   * phase: puts it in place of the answer that has come, or of the error of ours that says why none has. `passing`: field lines for this
   * client alone, each with its CRLF, in latin1.
   */
  giveReady(ready: ReadyAnswer, passing: string): void;
  /** The same with an answer that has to be made for this client: a part, or that nothing has changed. A `Date` is among its fields. */
  give(answer: Answer): void;
  /** The same piece by piece; the length is -1 when it is not known. */
  giveFrom(answer: Omit<Answer, 'body'>, length: number, source: KeptSource): void;
  /** Answers with the one JSON shape for errors. */
  fail(code: ErrorCode, message?: string): void;

  /** For a target that answers by itself: from here on the request's body goes to the producer. */
  produce(producer: Producer): void;
  /** Begins the answer; the length is -1 when it is not known. */
  respond(answer: Omit<Answer, 'body'>, length: number): void;
  /** What comes before the answer: 1xx. */
  inform(head: Head): void;
  /** A part of the answer's body; the bytes may be reused at once. False: wait for the producer's `resume`. */
  write(bytes: Uint8Array, from: number, to: number): boolean;
  end(trailers?: Head | null): void;
  /** Of the request, once it has come whole. */
  readonly requestTrailers: Head | null;
  /** Ends an answer that cannot be completed, so that the client notices. */
  abort(error: SluiceError): void;
  /**
   * For a target that answers by itself a request that `wantsUpgrade`: answers 101 with that protocol and these fields, and from here on
   * the connection is the peer's. null: it cannot be given over.
   */
  switchTo(
    protocol: string,
    fields: readonly (readonly [name: string, value: string])[],
    peer: SwitchedPeer,
  ): SwitchedConnection | null;
  /** Holds back the request's body while the producer cannot take it. */
  pauseRequest(): void;
  resumeRequest(): void;
}
