// Reads one head, of a request, of a response or of a trailer section, from bytes that arrive in any portions.
// Rule: every octet is looked at once, in place when the head lies whole in one portion, else in a buffer of its own;
// the scan goes on where it stopped, and a limit is refused as soon as it is passed.
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { noteField } from './field-meaning.ts';
import { takeWholeLines } from './field-lines.ts';
import { fieldId } from './field-names.ts';
import { FIELD } from './head.ts';
import type { Head } from './head.ts';
import { methodId } from './method-names.ts';
import { COLON, CR, HTAB, LF, SP, TARGET, TOKEN, VALUE } from './octets.ts';
import { readTarget } from './request-target.ts';

export interface HeadLimits {
  readonly maxTargetBytes: number;
  readonly maxHeadBytes: number;
  readonly maxFields: number;
}

/** Where the scan stands. The numbers grow along the head; LINE is the first one after the start line. */
const STEP = {
  METHOD: 0,
  TARGET: 1,
  VERSION: 2,
  STATUS_VERSION: 3,
  STATUS: 4,
  REASON: 5,
  REASON_LF: 6,
  LINE: 7,
  NAME: 8,
  SPACE: 9,
  VALUE: 10,
  VALUE_LF: 11,
  END_LF: 12,
  DONE: 13,
} as const;

/** What a head begins with: the STEP of its first octet. */
export const HEAD_KIND = { REQUEST: 0, RESPONSE: 3, TRAILERS: 7 } as const;

const MAX_METHOD_BYTES = 64;
const FIRST_BUFFER = 1024;
const ZERO = 48;
/** Its zeros stand for any digit. */
const VERSION: Uint8Array = Buffer.from('HTTP/0.0', 'latin1');

export class HeadReader {
  readonly head: Head;
  fault: Fault | null = null;
  private readonly limits: HeadLimits;
  private readonly kind: number;
  private step: number;
  /** How much of the head has been scanned. */
  private scanned = 0;
  /** Set while the head did not come in one portion: the portions, `held` octets so far. */
  private store: Buffer | null = null;
  private held = 0;

  constructor(head: Head, limits: HeadLimits, kind: number) {
    this.head = head;
    this.limits = limits;
    this.kind = kind;
    this.step = kind;
  }

  get done(): boolean {
    return this.step === STEP.DONE;
  }

  reset(): void {
    this.fault = null;
    this.step = this.kind;
    this.scanned = 0;
    this.store = null;
    this.held = 0;
  }

  /** Takes what belongs to the head and returns where it stopped: behind the head when `done`, else at `to`. */
  feed(bytes: Buffer, from: number, to: number): number {
    return this.store === null ? this.feedInPlace(bytes, from, to) : this.feedStored(bytes, from, to);
  }

  private feedInPlace(bytes: Buffer, from: number, to: number): number {
    const head = this.head;
    head.bytes = bytes;
    head.start = from;
    const end = this.scan(from, Math.min(to, from + this.limits.maxHeadBytes));
    if (this.step === STEP.DONE || this.fault !== null) return end;
    if (to - from >= this.limits.maxHeadBytes) return this.refuseSize(end);
    const store = Buffer.allocUnsafeSlow(Math.min(Math.max(FIRST_BUFFER, (to - from) * 2), this.limits.maxHeadBytes));
    bytes.copy(store, 0, from, to);
    this.store = store;
    this.held = to - from;
    head.bytes = store;
    head.start = 0;
    return to;
  }

  private feedStored(bytes: Buffer, from: number, to: number): number {
    const before = this.held;
    const taken = Math.min(to - from, this.limits.maxHeadBytes - before);
    const store = this.requireRoom(before + taken);
    bytes.copy(store, before, from, from + taken);
    this.held = before + taken;
    this.head.bytes = store;
    const end = this.scan(this.scanned, this.held);
    if (this.step === STEP.DONE || this.fault !== null) {
      // From here on only the head holds the bytes, until it is moved or reset.
      this.store = null;
      return from + end - before;
    }
    if (this.held === this.limits.maxHeadBytes) return this.refuseSize(to);
    return to;
  }

  private requireRoom(size: number): Buffer {
    const store = this.store!;
    if (size <= store.length) return store;
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(size, store.length * 2), this.limits.maxHeadBytes));
    store.copy(larger, 0, 0, this.held);
    this.store = larger;
    return larger;
  }

  private refuseSize(at: number): number {
    this.fault = this.step === STEP.TARGET ? FAULT.targetTooLong : FAULT.headTooLarge;
    return at;
  }

  private scan(from: number, to: number): number {
    let at = from;
    if (this.step < STEP.LINE) {
      at = this.kind === HEAD_KIND.REQUEST ? this.scanRequestLine(at, to) : this.scanStatusLine(at, to);
      this.scanned = at - this.head.start;
      if (this.step !== STEP.LINE) return at;
    }
    at = this.scanFields(at, to);
    this.scanned = at - this.head.start;
    this.head.length = this.scanned;
    return at;
  }

  private refuse(fault: Fault, at: number): number {
    this.fault = fault;
    return at;
  }

  private scanRequestLine(from: number, to: number): number {
    const { bytes, start } = this.head;
    let at = from;
    if (this.step === STEP.METHOD) {
      while (at < to && TOKEN[bytes[at]!] !== 0) at++;
      if (at - start > MAX_METHOD_BYTES) return this.refuse(FAULT.methodTooLong, at);
      if (at === to) return at;
      if (bytes[at] !== SP || at === start) return this.refuse(FAULT.method, at);
      this.head.methodTo = at - start;
      this.head.methodId = methodId(bytes, start, at);
      at++;
      this.head.targetFrom = at - start;
      this.step = STEP.TARGET;
    }
    if (this.step === STEP.TARGET) {
      const target = start + this.head.targetFrom;
      while (at < to && TARGET[bytes[at]!] !== 0) at++;
      if (at - target > this.limits.maxTargetBytes) return this.refuse(FAULT.targetTooLong, at);
      if (at === to) return at;
      if (bytes[at] !== SP || at === target) return this.refuse(FAULT.target, at);
      this.head.targetTo = at - start;
      this.fault = readTarget(this.head);
      if (this.fault !== null) return at;
      at++;
      this.step = STEP.VERSION;
    }
    return this.scanRequestVersion(at, to);
  }

  /** `HTTP/1.x` CRLF, looked at again from its beginning when it is cut: it is ten octets. */
  private scanRequestVersion(from: number, to: number): number {
    const { bytes } = this.head;
    this.fault = this.versionFault(from, to);
    if (this.fault !== null) return from;
    if (to - from > 8 && bytes[from + 8] !== CR) return this.refuse(FAULT.startLineEnd, from);
    if (to - from < 10) return from;
    if (bytes[from + 9] !== LF) return this.refuse(FAULT.startLineEnd, from);
    this.step = STEP.LINE;
    return from + 10;
  }

  /** Checks as much of `HTTP/1.x` as there is. */
  private versionFault(from: number, to: number): Fault | null {
    const { bytes } = this.head;
    const length = Math.min(to - from, 8);
    for (let i = 0; i < length; i++) {
      const octet = bytes[from + i]!;
      const expected = VERSION[i]!;
      if (expected === ZERO ? octet < ZERO || octet > ZERO + 9 : octet !== expected) return FAULT.version;
    }
    if (length < 8) return null;
    this.head.versionMinor = bytes[from + 7] === ZERO ? 0 : 1;
    return bytes[from + 5] === ZERO + 1 ? null : FAULT.versionUnsupported;
  }

  private scanStatusLine(from: number, to: number): number {
    const { bytes, start } = this.head;
    let at = from;
    if (this.step === STEP.STATUS_VERSION) {
      this.fault = this.versionFault(at, to);
      if (this.fault !== null || to - at < 8) return at;
      at += 8;
      this.step = STEP.STATUS;
    }
    if (this.step === STEP.STATUS) {
      const length = this.statusLength(at, to);
      if (length <= 0) return length === 0 ? at : this.refuse(FAULT.status, at);
      at += length;
      this.head.reasonFrom = at - start;
      this.step = STEP.REASON;
    }
    if (this.step === STEP.REASON) {
      while (at < to && VALUE[bytes[at]!] !== 0) at++;
      if (at === to) return at;
      if (bytes[at] !== CR) return this.refuse(FAULT.reason, at);
      this.head.reasonTo = at - start;
      at++;
      this.step = STEP.REASON_LF;
    }
    if (at === to) return at;
    if (bytes[at] !== LF) return this.refuse(FAULT.startLineEnd, at);
    this.step = STEP.LINE;
    return at + 1;
  }

  /** SP, three digits, and SP unless the line ends there: some servers leave the last SP away with the reason. 0 = more is needed. */
  private statusLength(from: number, to: number): number {
    const { bytes } = this.head;
    const length = Math.min(to - from, 5);
    let status = 0;
    for (let i = 0; i < length && i < 4; i++) {
      const octet = bytes[from + i]!;
      if (i === 0 ? octet !== SP : octet < ZERO || octet > ZERO + 9) return -1;
      if (i > 0) status = status * 10 + octet - ZERO;
    }
    if (length < 5) return 0;
    if (status < 100) return -1;
    this.head.status = status;
    const next = bytes[from + 4];
    if (next === SP) return 5;
    return next === CR ? 4 : -1;
  }

  private scanFields(from: number, to: number): number {
    let at = this.step === STEP.LINE ? takeWholeLines(this.head, this.limits.maxFields, from, to) : from;
    while (this.step !== STEP.END_LF) {
      if (this.step === STEP.LINE) {
        if (at === to) return at;
        if (this.head.bytes[at] === CR) {
          this.step = STEP.END_LF;
          at++;
          break;
        }
        if (!this.beginField(at)) return at;
      }
      at = this.scanField(at, to);
      if (this.step !== STEP.LINE) return at;
    }
    if (at === to) return at;
    if (this.head.bytes[at] !== LF) return this.refuse(FAULT.headEnd, at);
    this.step = STEP.DONE;
    return at + 1;
  }

  private beginField(at: number): boolean {
    const head = this.head;
    if (head.count === this.limits.maxFields) {
      this.fault = FAULT.tooManyFields;
      return false;
    }
    if (head.count === head.ids.length) head.grow();
    head.fields[head.count * 4] = at - head.start;
    this.step = STEP.NAME;
    return true;
  }

  /** Goes on with one field line; the step is LINE again when it is complete. */
  private scanField(from: number, to: number): number {
    const { bytes, start, fields, count } = this.head;
    const slot = count * 4;
    let at = from;
    if (this.step === STEP.NAME) {
      while (at < to && TOKEN[bytes[at]!] !== 0) at++;
      if (at === to) return at;
      const name = start + fields[slot]!;
      if (bytes[at] !== COLON || at === name) return this.refuse(nameFault(bytes, name, at), at);
      fields[slot + 1] = at - start;
      at++;
      this.step = STEP.SPACE;
    }
    if (this.step === STEP.SPACE) {
      while (at < to && (bytes[at] === SP || bytes[at] === HTAB)) at++;
      if (at === to) return at;
      fields[slot + 2] = at - start;
      this.step = STEP.VALUE;
    }
    if (this.step === STEP.VALUE) {
      while (at < to && VALUE[bytes[at]!] !== 0) at++;
      if (at === to) return at;
      if (bytes[at] !== CR) return this.refuse(FAULT.fieldValue, at);
      at++;
      this.step = STEP.VALUE_LF;
    }
    if (at === to) return at;
    if (bytes[at] !== LF) return this.refuse(FAULT.fieldValue, at);
    this.endField(slot, at - 1);
    this.step = STEP.LINE;
    return at + 1;
  }

  /** Completes a field whose value, with the whitespace behind it, ends at `to`. */
  private endField(slot: number, to: number): void {
    const head = this.head;
    const { bytes, start, fields } = head;
    const index = head.count;
    const from = start + fields[slot + 2]!;
    let at = to;
    while (at > from && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
    fields[slot + 3] = at - start;
    const id = fieldId(bytes, start + fields[slot]!, start + fields[slot + 1]!);
    head.ids[index] = id;
    head.drop[index] = 0;
    head.count = index + 1;
    if (id !== FIELD.OTHER && id <= FIELD.HTTP2_SETTINGS) noteField(head, index);
  }
}

function nameFault(bytes: Buffer, name: number, at: number): Fault {
  return at === name && (bytes[at] === SP || bytes[at] === HTAB) ? FAULT.fieldFolded : FAULT.fieldName;
}
