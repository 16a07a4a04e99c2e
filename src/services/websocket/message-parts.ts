// Messages of a WebSocket on their way into a tunnel: gathered into parts that are as large as one may be. Rule: a part is valid only
// during the call, the last one of a message may be empty, and between messages an idle socket keeps no room.
import { Buffer } from 'node:buffer';
import { MAX_CHUNK_BYTES, type WsType } from '../../codec/tunnel/messages.ts';

export interface MessagePart {
  readonly from: 0;
  readonly to: number;
  readonly wsType: WsType;
  /** It is the last one of its message. */
  readonly fin: boolean;
}

const NOTHING = Buffer.alloc(0);

export class MessageParts {
  readonly #onPart: (bytes: Buffer, part: MessagePart) => void;
  #wsType: WsType = 'binary';
  #room: Buffer | null = null;
  #length = 0;

  constructor(onPart: (bytes: Buffer, part: MessagePart) => void) {
    this.#onPart = onPart;
  }

  begin(isText: boolean): void {
    this.#wsType = isText ? 'text' : 'binary';
  }

  add(bytes: Buffer, start: number, to: number): void {
    let from = start;
    while (from < to) {
      if (this.#length === MAX_CHUNK_BYTES) this.#hand(false);
      this.#room ??= Buffer.allocUnsafe(MAX_CHUNK_BYTES);
      const end = Math.min(to, from + MAX_CHUNK_BYTES - this.#length);
      bytes.copy(this.#room, this.#length, from, end);
      this.#length += end - from;
      from = end;
    }
  }

  end(): void {
    this.#hand(true);
    this.#room = null;
  }

  #hand(fin: boolean): void {
    const to = this.#length;
    this.#length = 0;
    this.#onPart(this.#room ?? NOTHING, { from: 0, to, wsType: this.#wsType, fin });
  }
}
