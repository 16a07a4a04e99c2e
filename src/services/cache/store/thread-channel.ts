// By what the threads that use one store talk: everybody hears what the others say. Rule: it keeps no thread alive, and what is said after it was
// closed is heard by nobody, which is as it should be: the store is of a program that is retired.
import type { FlightChannel } from './flights.ts';

export class ThreadChannel implements FlightChannel {
  readonly #channel: BroadcastChannel & { unref?: () => void };
  #isClosed = false;

  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.unref?.();
  }

  say(word: unknown): void {
    if (!this.#isClosed) this.#channel.postMessage(word);
  }

  listen(hear: (word: unknown) => void): void {
    this.#channel.onmessage = ({ data }) => hear(data);
    this.#channel.unref?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }
}
