// Answers that a policy has kept and gives again. Types only. Rule: the bytes of what is given never change: they may be on their way
// out long after the exchange is over.

import type { NodeBuffer } from '../core/node-buffer.ts';

/** An answer that is known whole and lies ready to be sent: giving it costs one copy of its bytes. */
export interface ReadyAnswer {
  readonly status: number;
  /** It is in the encoding that the client gets. */
  readonly isNegotiated?: true;
  /** Status line and field lines as HTTP/1.1 has them, each with its CRLF, without the empty line; made by `readyHead`. */
  readonly head: NodeBuffer;
  readonly headFrom: number;
  readonly headTo: number;
  /** May be the same bytes as those of the head. */
  readonly body: NodeBuffer;
  readonly bodyFrom: number;
  readonly bodyTo: number;
}

/** Takes the body of an answer that is given piece by piece. It is all ears until its source has ended it or was cancelled. */
export interface KeptSink {
  /** The bytes may be reused at once. False: wait for `resume` of the source. */
  write(bytes: Uint8Array, from: number, to: number): boolean;
  end(trailers?: readonly (readonly [name: string, value: string])[]): void;
  /** It cannot be completed: the client is to notice. */
  cut(): void;
}

/** Gives the body of a kept answer. */
export interface KeptSource {
  /** The head has gone out, or was answered with an error in its place: then `cancel` comes instead. */
  begin(sink: KeptSink): void;
  /** The client takes more, after `write` answered false. */
  resume(): void;
  /** Nobody wants it any more, begun or not. Called once, unless it has ended before. */
  cancel(): void;
}
