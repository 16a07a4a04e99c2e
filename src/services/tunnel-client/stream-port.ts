// What one stream of a tunnel and its local end say to each other. Rule: neither is called any more after it has ended.
import type { StreamDataMessage, WsType } from '../../codec/tunnel/messages.ts';

/** Towards the server. */
export interface StreamPort {
  /** `status`, `headers` and the like of an answer, in MessagePack. */
  sendHead(bytes: Buffer): void;
  /** False: wait for `drained`. The bytes may be reused at once. */
  sendData(bytes: Buffer, part: SentBytes): boolean;
  close(code: number | null, reason: string): void;
  reset(reason: string): void;
  /** So many bytes more wait for the local server, or fewer. */
  kept(change: number): void;
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
  /** The visitor is done, or has gone. */
  closed(code: number | null, reason: string): void;
  /** Nothing can be said to the server any more. */
  lost(): void;
  drained(): void;
}
