// The phases of an exchange, in the order in which they run, and what a policy may do in each. Types only; docs/phases.md
// draws them. Rule: a policy implements the phases that it needs and no others; a phase that nobody implements costs nothing.
import type { SluiceError } from '../core/errors.ts';
import type { Bounds } from './bounds.ts';
import type { Exchange } from './exchange.ts';

/** Where a body passes on to. Bytes are valid only during the call. All of it may be called now or later. */
export interface BodySink {
  write(bytes: Uint8Array, from: number, to: number): void;
  /** Nothing follows. Called once, after the `end` of the transform. */
  end(): void;
  /** Holds back whoever sends the body, until `resume`. What is on its way already still comes. */
  pause(): void;
  resume(): void;
  /** Of answers: the client takes nothing more for now. Whoever `holdsBack` is told by `drained` when it does again. */
  readonly isFull?: boolean;
  /** Gives the exchange up: with an error for an answer as long as nothing was answered, else by a cut. */
  fail(error: SluiceError): void;
}

/** Changes or examines a body as it passes; what comes out goes to the sink that it was made with. */
export interface BodyTransform {
  /** As many bytes come out as go in: what was said about their number stays true. */
  readonly keepsLength?: true;
  /** Of answers: the head waits until something of the body has come out, so that `fail` can still become an answer. */
  readonly holdsHead?: true;
  /** Of answers: what the client does not take waits here, so that whoever sends it need not wait for the client. */
  holdsBack?(): boolean;
  /** The client takes more again. */
  drained?(): void;
  write(bytes: Uint8Array, from: number, to: number): void;
  /** The body is complete: the sink is to be ended when all that was held back has gone out. */
  end(): void;
  /** The exchange was given up, or has ended otherwise: let go of what is held. The sink takes nothing more. */
  abort(): void;
}

/** Looks at what a client says first in a tunnel. Nothing of it goes to the server before every guard has let it pass. */
export interface TunnelGuard {
  /**
   * More of it; the bytes are valid only during the call. `more`: it takes more to tell. `pass`: all of it may go, and what follows is
   * not looked at. An error cuts the tunnel. A guard makes up its mind within 64 KiB.
   */
  take(bytes: Uint8Array, from: number, to: number): 'more' | 'pass' | SluiceError;
}

/** Looks at what a server says on a connection that has left HTTP. It can change nothing and hold nothing up. */
export interface UpgradeWatch {
  /** More of it, in order, when it has gone on to the client; the bytes are valid only during the call. */
  take(bytes: Uint8Array, from: number, to: number): void;
  /** Both sides are closed, well or not. Called once; nothing follows. */
  end(): void;
}

/** The body of an error answer, to be written as JSON: as clients of a route know it from what is behind. */
export type ErrorShape = (error: SluiceError, requestId: string) => object;

export interface Policy {
  readonly name: string;
  /** Holds for every exchange of the routes that the policy stands in, before any phase runs. */
  readonly bounds?: Bounds;
  /**
   * It gives answers again that it has kept. They have passed the policies that stand behind it when they were kept, so that only those
   * before it see them again.
   */
  readonly keepsAnswers?: true;
  /** How errors of ours are said on the routes that the policy stands in. */
  readonly errorShape?: ErrorShape;
  /** Said in a dry run in place of its `request`, which is not called: because it would ask somebody else, or nobody knows what it does. */
  readonly inDryRun?: string;

  /** The request's head is known and routed. May answer (the policies after it and the target are not asked then), may wait, may change the request's fields. */
  request?(exchange: Exchange): void | Promise<void>;
  /** Asked once per request with a body, after `request`: a transform if this policy wants the bytes. Does not wait. */
  requestBody?(exchange: Exchange, sink: BodySink): BodyTransform | null;
  /** Just before the head goes to an upstream. May change what is sent: credentials, rewritten fields. May wait. */
  upstream?(exchange: Exchange): void | Promise<void>;
  /** The answer's head is known, nothing of it has been sent. May change status and fields. Does not wait. */
  response?(exchange: Exchange): void;
  /** Asked once per answer with a body, after `response`: a transform if this policy wants the bytes. Does not wait. */
  responseBody?(exchange: Exchange, sink: BodySink): BodyTransform | null;
  /** For explanations, after `request`: what it would do with the answer, in a few words. Nothing has been sent, and nothing will be. */
  foresee?(exchange: Exchange): string;
  /** Asked once per tunnel that stands (CONNECT, SOCKS), before anything goes through it: a guard if this policy wants to see what the client says first. Does not wait. */
  tunnel?(exchange: Exchange): TunnelGuard | null;
  /** Asked once per connection that has switched to another protocol (a WebSocket, for one), with the answer that said so: a watch if this policy wants to see what the server says there. Does not wait. */
  upgraded?(exchange: Exchange): UpgradeWatch | null;
  /** The exchange is over, well or not; nothing can be changed any more. Called for every exchange that was routed. */
  done?(exchange: Exchange): void;

  /**
   * The client has gone before its answer was whole. True: the exchange goes on without it, so that this policy gets all of the answer.
   * Asked only where the request had come whole.
   */
  outlivesClient?(exchange: Exchange): boolean;

  /** For explanations, after `request`: what it goes by in this case, in a few words. */
  explain?(exchange: Exchange): string;

  /** The program that this policy belongs to is retired. */
  dispose?(): void;
}

/** The phases in order, for compile and for the docs. */
export type Phase =
  | 'request'
  | 'requestBody'
  | 'upstream'
  | 'response'
  | 'responseBody'
  | 'tunnel'
  | 'upgraded'
  | 'done';
