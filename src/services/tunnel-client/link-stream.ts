// One stream of a control connection, as its local end sees it. Rule: after its end the server hears nothing of it any more, and what it
// came to is noted once.
import type { Buffer } from 'node:buffer';
import { FIRST_WINDOW_BYTES, streamEnd } from '../../codec/tunnel/flow-messages.ts';
import {
  MAX_CHUNK_BYTES,
  streamClose,
  streamReset,
  type StreamDataMessage,
  streamDataHead,
  type StreamMode,
} from '../../codec/tunnel/messages.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { type FlowPart, type FlowPeer, StreamFlow } from '../tunnels/stream-flow.ts';
import type { StreamWindow } from '../tunnels/stream-window.ts';
import type { ExposedTunnel, FieldPair } from './exposed-tunnel.ts';
import type { Capture } from './request-book.ts';
import { valuesOf } from './visitor-gate.ts';
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
  readonly version: number;
  /** What the server may send of a stream; asked for from the third version on, once for each. */
  openWindow(): StreamWindow;
  say(bytes: Buffer): void;
  /** False: wait. */
  sayData(head: Buffer, bytes: Buffer, from: number, to: number): boolean;
  paced(stream: LinkStream, change: number): void;
  left(stream: LinkStream, record: RequestRecord): void;
}

const WITH_CREDITS = 3;
/** What is shown in place of a method. */
const METHOD_OF: Partial<Record<StreamMode, string>> = { ws: 'WS', tcp: 'TCP' };

export class LinkStream implements StreamPort, FlowPeer {
  readonly id: number;
  readonly mode: StreamMode;
  readonly #link: StreamLink;
  readonly #open: StreamOpenMessage;
  readonly #tunnel: ExposedTunnel;
  readonly #capture: Capture | null;
  readonly #startedAtMs = performance.now();
  /** Set right after it was made. */
  end: LocalEnd | null = null;
  keptBytes = 0;
  #status = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #isClosedByServer = false;
  #over = false;
  /** From the third version on. */
  readonly #flow: StreamFlow | null;
  /** Our own end, behind what waits for credit. */
  #ending: readonly FieldPair[] | null = null;
  #closing: { readonly code: number | null; readonly reason: string } | null = null;

  constructor(link: StreamLink, open: StreamOpenMessage, tunnel: ExposedTunnel, capture: Capture | null = null) {
    this.id = open.streamId;
    this.mode = open.mode;
    this.#link = link;
    this.#open = open;
    this.#tunnel = tunnel;
    this.#capture = capture;
    this.#flow =
      link.version < WITH_CREDITS
        ? null
        : new StreamFlow(this, link.openWindow(), open.windowBytes ?? FIRST_WINDOW_BYTES);
  }

  get version(): number {
    return this.#link.version;
  }

  // -- From the server -------------------------------------------------------------------------------------------------

  take(said: StreamDataMessage): void {
    this.#bytesIn += said.data.length;
    this.#capture?.takeRequest(said.data);
    if (this.#over || this.#closing !== null) return;
    if (this.#flow?.received(said.data.length) === false) this.giveUp('more was sent than there was credit for');
    else this.end?.take(said);
  }

  halfEnded(trailers: readonly FieldPair[]): void {
    if (!this.#over) this.end?.halfEnded?.(trailers);
  }

  credited(bytes: number): void {
    if (this.#over || this.#flow?.credited(bytes) !== true) return;
    const [ending, closing] = [this.#ending, this.#closing];
    this.#ending = null;
    if (ending !== null) this.endHalf(ending);
    if (closing !== null) this.close(closing.code, closing.reason);
    else this.end?.drained();
  }

  blocked(): void {
    if (!this.#over) this.#flow?.blocked(this.keptBytes === 0);
  }

  closedByServer(code: number | null, reason: string): void {
    if (this.#over) return;
    this.#isClosedByServer = true;
    // Its local end has said its last word already.
    if (this.#closing === null) this.end?.closed(code, reason);
    else this.close(null, '');
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#over) return;
    this.end?.lost();
    this.#leave();
  }

  drained(): void {
    if (!this.#over && this.#flow?.isWaiting !== true) this.end?.drained();
  }

  giveUp(why: string): void {
    if (this.#over) return;
    this.end?.lost();
    this.reset(why);
  }

  // -- From the local end ----------------------------------------------------------------------------------------------

  sendHead(bytes: Buffer): void {
    this.#capture?.head(bytes);
    if (this.#over || this.#isClosedByServer) return;
    // It needs no credit.
    sayParts(this.#link, bytes, { streamId: this.id, from: 0, to: bytes.length, wsType: null, fin: true });
  }

  sendData(bytes: Buffer, part: SentBytes): boolean {
    this.#bytesOut += part.to - part.from;
    this.#capture?.takeAnswer(bytes, part.from, part.to);
    return this.#send(bytes, part);
  }

  #send(bytes: Buffer, part: SentBytes): boolean {
    if (this.#over || this.#isClosedByServer) return true;
    if (this.#flow !== null) return this.#flow.send(bytes, part);
    const { from, to, wsType, fin } = part;
    return sayParts(this.#link, bytes, { streamId: this.id, from, to, wsType, fin });
  }

  sendPart(bytes: Buffer, { from, to, wsType, fin }: FlowPart): boolean {
    return this.#link.sayData(streamDataHead({ streamId: this.id, wsType, fin }, to - from), bytes, from, to);
  }

  sayFlow(bytes: Buffer): void {
    this.#link.say(bytes);
  }

  endHalf(trailers: readonly FieldPair[]): void {
    if (this.#over || this.#flow === null || this.#isClosedByServer) return;
    if (this.#flow.isWaiting) this.#ending = trailers;
    else this.#link.say(streamEnd(this.id, trailers));
  }

  close(code: number | null, reason: string): void {
    if (this.#over) return;
    if (this.#flow?.isWaiting === true && !this.#isClosedByServer) {
      this.#closing = { code, reason };
      return;
    }
    if (!this.#isClosedByServer) this.#link.say(streamClose(this.id, code, reason));
    this.#leave();
  }

  reset(reason: string): void {
    if (this.#over) return;
    if (!this.#isClosedByServer) this.#link.say(streamReset(this.id, reason));
    this.#leave();
  }

  kept(change: number): void {
    this.keptBytes += change;
    this.#link.paced(this, change);
  }

  taken(bytes: number): void {
    if (!this.#over) this.#flow?.taken(bytes);
  }

  held(bytes: number): void {
    this.#flow?.held(bytes);
  }

  freed(): void {
    if (!this.#over) this.#flow?.freed();
  }

  answered(status: number): void {
    this.#status = status;
  }

  #leave(): void {
    this.#over = true;
    this.#flow?.close();
    const { method } = this.#open;
    // Of TCP there is nothing to show but whose it is.
    const [visitor = ''] = this.mode === 'tcp' ? valuesOf(this.#open.headers, 'x-forwarded-for') : [];
    const path = this.mode === 'tcp' ? visitor : this.#open.path;
    const durationMs = performance.now() - this.#startedAtMs;
    this.#capture?.end(durationMs);
    this.#link.left(this, {
      tunnel: this.#tunnel,
      method: METHOD_OF[this.mode] ?? method,
      path,
      status: this.#status,
      durationMs,
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
