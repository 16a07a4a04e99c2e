// Takes a chunked body apart (RFC 9112, 7.1) into slices of the bytes that it is fed.
// Rule: only what a sender must write is accepted: no sign, no space, no bare LF; extensions are skipped within a limit.
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { CR, HEX, LF, SEMICOLON, VALUE } from './octets.ts';

export interface ChunkLimits {
  readonly maxBodyBytes: number;
  readonly maxChunkExtensionBytes: number;
}

/** What the bytes up to the returned position brought. */
export const CHUNK = { MORE: 0, DATA: 1, TRAILERS: 2, END: 3, FAULT: 4 } as const;

const STEP = { SIZE: 0, EXTENSION: 1, SIZE_LF: 2, DATA: 3, DATA_CR: 4, DATA_LF: 5, LAST: 6, LAST_LF: 7 } as const;

/** 13 hexadecimal digits are 52 bits: every size is an exact number. */
const MAX_SIZE_DIGITS = 13;

export class ChunkedReader {
  /** After DATA, the slice is what lies between the position that was passed and the one that was returned, from here on. */
  dataFrom = 0;
  outcome: number = CHUNK.MORE;
  fault: Fault | null = null;
  /** Of the body that is being read. */
  maxBodyBytes: number;
  private readonly limits: ChunkLimits;
  private step: number = STEP.SIZE;
  private digits = 0;
  /** Of the size while it is read, then what is left of the chunk. */
  private size = 0;
  private total = 0;
  private extensionBytes = 0;

  constructor(limits: ChunkLimits) {
    this.limits = limits;
    this.maxBodyBytes = limits.maxBodyBytes;
  }

  reset(): void {
    this.outcome = CHUNK.MORE;
    this.fault = null;
    this.maxBodyBytes = this.limits.maxBodyBytes;
    this.step = STEP.SIZE;
    this.digits = 0;
    this.size = 0;
    this.total = 0;
    this.extensionBytes = 0;
  }

  /** Reads on to the next slice of data, the trailer section, the end, or `to`, says which in `outcome` and returns where. */
  feed(bytes: Buffer, from: number, to: number): number {
    let at = from;
    this.outcome = CHUNK.MORE;
    while (at < to) {
      if (this.step === STEP.DATA) return this.takeData(at, to);
      if (this.step === STEP.LAST && bytes[at] !== CR) {
        this.outcome = CHUNK.TRAILERS;
        return at;
      }
      if (this.step === STEP.EXTENSION) {
        const begin = at;
        while (at < to && VALUE[bytes[at]!] !== 0) at++;
        this.extensionBytes += at - begin;
        if (this.extensionBytes > this.limits.maxChunkExtensionBytes) {
          return this.refuse(FAULT.chunkExtensionTooLong, at);
        }
        if (at === to) return at;
      }
      const fault = this.take(bytes[at]!);
      if (fault !== null) return this.refuse(fault, at);
      at++;
      if (this.outcome === CHUNK.END) return at;
    }
    return at;
  }

  private refuse(fault: Fault, at: number): number {
    this.fault = fault;
    this.outcome = CHUNK.FAULT;
    return at;
  }

  private takeData(from: number, to: number): number {
    const length = Math.min(to - from, this.size);
    this.dataFrom = from;
    this.size -= length;
    if (this.size === 0) this.step = STEP.DATA_CR;
    this.outcome = CHUNK.DATA;
    return from + length;
  }

  /** One octet of the framing. */
  private take(octet: number): Fault | null {
    switch (this.step) {
      case STEP.SIZE:
        return this.takeSize(octet);
      case STEP.EXTENSION:
        if (octet !== CR) return FAULT.chunkExtension;
        this.step = STEP.SIZE_LF;
        return null;
      case STEP.SIZE_LF:
        return octet === LF ? this.endSize() : FAULT.chunkLine;
      case STEP.DATA_CR:
        this.step = STEP.DATA_LF;
        return octet === CR ? null : FAULT.chunkEnd;
      case STEP.DATA_LF:
        this.step = STEP.SIZE;
        return octet === LF ? null : FAULT.chunkEnd;
      case STEP.LAST:
        this.step = STEP.LAST_LF;
        return null;
      default:
        this.outcome = CHUNK.END;
        return octet === LF ? null : FAULT.headEnd;
    }
  }

  private takeSize(octet: number): Fault | null {
    const digit = HEX[octet]!;
    if (digit !== 0) {
      this.size = this.size * 16 + digit - 1;
      return ++this.digits > MAX_SIZE_DIGITS ? FAULT.chunkSize : null;
    }
    if (this.digits === 0) return FAULT.chunkSize;
    if (octet === CR) this.step = STEP.SIZE_LF;
    else if (octet === SEMICOLON) this.step = STEP.EXTENSION;
    else return FAULT.chunkSize;
    return null;
  }

  private endSize(): Fault | null {
    this.digits = 0;
    this.step = this.size === 0 ? STEP.LAST : STEP.DATA;
    this.total += this.size;
    return this.total > this.maxBodyBytes ? FAULT.bodyTooLarge : null;
  }
}
