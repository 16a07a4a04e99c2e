// One stream of a control connection, as its local end sees it. Rule: after its end the server hears nothing of it any more, and what it
// came to is noted once.
import type { Buffer } from 'node:buffer';
import {
  MAX_CHUNK_BYTES,
  message,
  type StreamDataMessage,
  streamDataHead,
  type StreamMode,
} from '../../codec/tunnel/messages.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import type { LocalEnd, SentBytes, StreamPort } from './stream-port.ts';

/** What became of a request, for whoever watches. */
export interface RequestRecord {
  readonly tunnel: ExposedTunnel;
  readonly method: string;
  readonly path: string;
  /** 0: there was none. */
  readonly status: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface StreamLink {
  say(bytes: Buffer): void;
  /** False: wait. */
  sayData(head: Buffer, bytes: Buffer, from: number, to: number): boolean;
  paced(stream: LinkStream, change: number): void;
  left(stream: LinkStream, record: RequestRecord): void;
}

const REASON_LENGTH = 200;

export class LinkStream implements StreamPort {
  readonly id: number;
  readonly mode: StreamMode;
  readonly #link: StreamLink;
  readonly #open: StreamOpenMessage;
  readonly #tunnel: ExposedTunnel;
  readonly #startedAtMs = performance.now();
  /** Set right after it was made. */
  end: LocalEnd | null = null;
  keptBytes = 0;
  #status = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #isClosedByServer = false;
  #over = false;

  constructor(link: StreamLink, open: StreamOpenMessage, tunnel: ExposedTunnel) {
    this.id = open.streamId;
    this.mode = open.mode;
    this.#link = link;
    this.#open = open;
    this.#tunnel = tunnel;
  }

  // -- From the server -------------------------------------------------------------------------------------------------

  take(said: StreamDataMessage): void {
    this.#bytesIn += said.data.length;
    if (!this.#over) this.end?.take(said);
  }

  closedByServer(code: number | null, reason: string): void {
    if (this.#over) return;
    this.#isClosedByServer = true;
    this.end?.closed(code, reason);
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#over) return;
    this.end?.lost();
    this.#leave();
  }

  drained(): void {
    if (!this.#over) this.end?.drained();
  }

  giveUp(why: string): void {
    if (this.#over) return;
    this.end?.lost();
    this.reset(why);
  }

  // -- From the local end ----------------------------------------------------------------------------------------------

  sendHead(bytes: Buffer): void {
    this.#send(bytes, { from: 0, to: bytes.length, wsType: null, fin: true });
  }

  sendData(bytes: Buffer, part: SentBytes): boolean {
    this.#bytesOut += part.to - part.from;
    return this.#send(bytes, part);
  }

  #send(bytes: Buffer, part: SentBytes): boolean {
    if (this.#over || this.#isClosedByServer) return true;
    const { from, to, wsType, fin } = part;
    return sayParts(this.#link, bytes, { streamId: this.id, from, to, wsType, fin });
  }

  close(code: number | null, reason: string): void {
    if (this.#over) return;
    const why = reason.slice(0, REASON_LENGTH);
    const fields = { stream_id: this.id, ...(code === null ? {} : { code }), ...(why === '' ? {} : { reason: why }) };
    if (!this.#isClosedByServer) this.#link.say(message('StreamClose', fields));
    this.#leave();
  }

  reset(reason: string): void {
    if (this.#over) return;
    if (!this.#isClosedByServer) {
      this.#link.say(message('StreamReset', { stream_id: this.id, reason: reason.slice(0, REASON_LENGTH) }));
    }
    this.#leave();
  }

  kept(change: number): void {
    this.keptBytes += change;
    this.#link.paced(this, change);
  }

  answered(status: number): void {
    this.#status = status;
  }

  #leave(): void {
    this.#over = true;
    const { method, path } = this.#open;
    this.#link.left(this, {
      tunnel: this.#tunnel,
      method: this.mode === 'ws' ? 'WS' : method,
      path,
      status: this.#status,
      durationMs: performance.now() - this.#startedAtMs,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    });
  }
}

/** A StreamData of a part of bytes, in as many messages as it takes. False: wait until it is drained. */
function sayParts(link: StreamLink, bytes: Buffer, part: DataPart): boolean {
  const { streamId, from, to, wsType, fin } = part;
  let at = from;
  let goesOn = true;
  do {
    const end = Math.min(to, at + MAX_CHUNK_BYTES);
    const finHere = end === to ? fin : fin === null ? null : false;
    goesOn = link.sayData(streamDataHead({ streamId, wsType, fin: finHere }, end - at), bytes, at, end);
    at = end;
  } while (at < to);
  return goesOn;
}

interface DataPart {
  readonly streamId: number;
  readonly from: number;
  readonly to: number;
  readonly wsType: 'text' | 'binary' | null;
  readonly fin: boolean | null;
}
