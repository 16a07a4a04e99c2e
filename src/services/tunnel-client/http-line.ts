// One HTTP/1.1 connection as its client sees it: one request after the other, each answer told as it comes. Rule: it is used again only
// when request and answer have both ended as they should; after its end an answer is told nothing more.
import { Buffer } from 'node:buffer';
import type { Head } from '../../codec/http1/head.ts';
import { FRAMING } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS, type MessageSink } from '../../codec/http1/message-parser.ts';
import { ResponseParser } from '../../codec/http1/parser.ts';
import type { OutBuffer } from '../../codec/http1/writer.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../../transport/connection.ts';
import { Deadline } from '../../transport/timers.ts';

export interface LineEvents {
  /** The final one, or that of a switch; valid only during the call. */
  head(head: Head): void;
  /** One that comes before the final one; valid only during the call. */
  interim?(head: Head): void;
  body(bytes: Buffer, from: number, to: number): void;
  end(trailers: Head | null): void;
  /** The connection speaks something else from here on; `first` has come already. */
  switched(connection: Connection, first: Buffer): void;
  /** `isSilent`: not a byte of an answer has come. */
  failed(why: string, isSilent: boolean): void;
  /** After `write` answered false. */
  drain(): void;
}

/** What a local server says is not ours to bound; only heads have to fit into memory. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  maxHeadBytes: 128 * 1024,
  maxFields: 500,
  maxBodyBytes: Number.MAX_SAFE_INTEGER,
};
const SWITCHING = 101;

export class HttpLine implements ConnectionHandler, MessageSink {
  readonly connection: Connection;
  /** Armed while it waits to be used again. */
  readonly idle: Deadline = new Deadline(() => this.connection.destroy('idle'));
  readonly #parser: ResponseParser;
  /** Told when it may be used again, and when it cannot be used any more. */
  readonly #owner: LineOwner;
  #events: LineEvents | null = null;
  #heard = false;
  #requestIsOver = false;
  #keeps = false;
  #switches = false;

  /** The connection is paused. */
  constructor(connection: Connection, owner: LineOwner) {
    this.connection = connection;
    this.#owner = owner;
    this.#parser = new ResponseParser(LIMITS, this);
    connection.handler = this;
    connection.resume();
  }

  /** The head of a request follows by `flush`. */
  begin(method: number, events: LineEvents): void {
    this.#parser.reset();
    this.#parser.expect(method);
    this.#events = events;
    this.#heard = false;
    this.#requestIsOver = false;
    this.#keeps = false;
    this.connection.resume();
  }

  flush(out: OutBuffer): boolean {
    return this.connection.flush(out);
  }

  requestEnded(): void {
    this.#requestIsOver = true;
  }

  /** Nobody waits for the answer. */
  abandon(): void {
    this.#events = null;
    this.connection.reset('done');
  }

  onHead(head: Head): void {
    if (head.status < 200 && head.status !== SWITCHING) {
      this.#events?.interim?.(head);
      return;
    }
    this.#keeps = head.keepAlive && head.framing !== FRAMING.UNTIL_CLOSE;
    this.#switches = head.status === SWITCHING;
    this.#events?.head(head);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#events?.body(bytes, from, to);
  }

  onEnd(): void {
    const events = this.#events;
    const { trailers } = this.#parser;
    this.#events = null;
    const isFree = this.#keeps && this.#requestIsOver;
    if (!isFree) this.connection.destroy('done');
    events?.end(trailers);
    if (isFree && !this.connection.closed) this.#owner.free(this);
  }

  onError(_code: ErrorCode, detail: string): void {
    this.#fail(`what it answered is not valid HTTP: ${detail}`);
    this.connection.destroy('error');
  }

  onData(bytes: Buffer, from: number, to: number): void {
    // What nobody has asked for makes it useless.
    if (this.#events === null) {
      this.connection.destroy('error');
      return;
    }
    this.#heard = true;
    const at = this.#parser.feed(bytes, from, to);
    if (this.#switches) this.#switch(Buffer.from(bytes.subarray(at, to)));
    else if (at < to && this.#events === null) this.connection.destroy('error');
  }

  onHalfClose(): void {
    if (this.#events !== null) this.#parser.finish();
    this.#fail('it closed the connection without an answer');
    this.connection.destroy('eof');
  }

  onDrain(): void {
    this.#events?.drain();
  }

  onClose(reason: CloseReason): void {
    this.#owner.gone(this);
    this.#fail(reason === 'timeout' ? 'it does not answer any more' : 'it broke the connection off');
  }

  #switch(first: Buffer): void {
    const events = this.#events;
    this.#events = null;
    this.#switches = false;
    this.#owner.gone(this);
    if (events === null) this.connection.destroy('done');
    else events.switched(this.connection, first);
  }

  #fail(why: string): void {
    const events = this.#events;
    this.#events = null;
    events?.failed(why, !this.#heard);
  }
}

export interface LineOwner {
  free(line: HttpLine): void;
  gone(line: HttpLine): void;
}
