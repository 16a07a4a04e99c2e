// What becomes of the output of a command on its way to the client. Types only.
import type { OutputName, RunEnd } from '../../services/processes/run-spec.ts';

export interface CommandAnswer {
  /** The program has started: it cannot be refused any more. */
  started(): void;
  output(name: OutputName, bytes: Buffer): void;
  /** Nothing has been said for a while. */
  beat(): void;
  ended(end: RunEnd): void;
}

/** Where it goes. */
export interface AnswerSink {
  /** `type` is that of the content; the length is not known. */
  begin(type: string): void;
  /** The bytes may be reused at once. */
  write(bytes: Uint8Array, from: number, to: number): void;
  end(): void;
}
