// What one stream of a tunnel and its local end say to each other. Rule: neither is called any more after it has ended.
import type { StreamDataMessage, WsType } from '../../codec/tunnel/messages.ts';
import type { FieldPair } from './exposed-tunnel.ts';

/** Towards the server. */
export interface StreamPort {
  /** Of the dialect: from the third one on there is something to say before an answer and after it. */
  readonly version: number;
  /** `status`, `headers` and the like of an answer, in MessagePack. */
  sendHead(bytes: Buffer): void;
  /** False: wait for `drained`. The bytes may be reused at once. */
  sendData(bytes: Buffer, part: SentBytes): boolean;
  /** Nothing more of the answer comes than these fields; the stream is still to be closed. From the third version on. */
  endHalf(trailers: readonly FieldPair[]): void;
  /** After everything that was sent. */
  close(code: number | null, reason: string): void;
  reset(reason: string): void;
  /** So many bytes more wait for the local server, or fewer. */
  kept(change: number): void;
  /** The local server has really taken so many bytes. */
  taken(bytes: number): void;
  /** It was given so many bytes, and has not taken them yet. */
  held(bytes: number): void;
  /** What was held has been taken. */
  freed(): void;
  /** The answer that visitors see; for the list of requests. */
  answered(status: number): void;
}

export interface SentBytes {
  readonly from: number;
  readonly to: number;
  readonly wsType: WsType | null;
  readonly fin: boolean | null;
}

/** Towards the local server. */
export interface LocalEnd {
  take(message: StreamDataMessage): void;
  /** The visitor has sent everything, and listens. */
  halfEnded?(trailers: readonly FieldPair[]): void;
  /** The visitor is done, or has gone. */
  closed(code: number | null, reason: string): void;
  /** Nothing can be said to the server any more. */
  lost(): void;
  drained(): void;
}
