// Finds the events that somebody wants in a stream of server-sent events (WHATWG HTML, 9.2.6), in pieces of any size. Rule: it keeps no
// byte of the stream; of events that nobody wants only the ends of their lines are looked for.
import { Buffer } from 'node:buffer';

export interface EventSink {
  /** A part of the data of an event that is wanted, or whose name has not come yet. Valid only during the call. */
  data(bytes: Uint8Array, from: number, to: number): void;
  /** The event is whole. */
  event(name: string): void;
  /** What was given of an event is of none that is wanted. */
  drop(): void;
}

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_BREAK = Buffer.from('\n');
const EVENT = Buffer.from('event');
const DATA = Buffer.from('data');

/** No field that we know has a longer name; a longer one is another. */
const MAX_FIELD_BYTES = 5;

type Field = 'data' | 'event' | 'other';

export class EventScan {
  private readonly wanted: ReadonlySet<string>;
  private readonly sink: EventSink;
  private readonly maxNameBytes: number;
  /** The name of a field as far as it has come: its first bytes, and how many there are. */
  private readonly fieldName = Buffer.alloc(MAX_FIELD_BYTES + 1);
  private fieldBytes = 0;
  /** null: the name of the field is not over. */
  private field: Field | null = null;
  /** A space may follow the colon. */
  private isValueNew = false;
  private readonly name: Buffer;
  private nameBytes = 0;
  private eventName = '';
  private hasName = false;
  private hasData = false;
  private isGiven = false;
  private wasCr = false;
  /** How much of the mark that a stream may begin with has come; -1: it has begun. */
  private bomBytes = 0;

  constructor(wanted: ReadonlySet<string>, sink: EventSink) {
    this.wanted = wanted;
    this.sink = sink;
    this.maxNameBytes = Math.max(0, ...[...wanted].map((name) => Buffer.byteLength(name)));
    // One more: a longer name is another.
    this.name = Buffer.alloc(this.maxNameBytes + 1);
  }

  take(bytes: Uint8Array, start: number, to: number): void {
    let from = this.bomBytes < 0 ? start : this.skipMark(bytes, start, to);
    let nextLf = -1;
    let nextCr = -1;
    while (from < to) {
      if (this.wasCr) {
        this.wasCr = false;
        if (bytes[from] === LF) {
          from += 1;
          continue;
        }
      }
      if (nextLf < from) nextLf = placeOf(LF, bytes, from, to);
      if (nextCr < from) nextCr = placeOf(CR, bytes, from, to);
      const end = Math.min(nextLf, nextCr);
      if (end > from) this.takePart(bytes, from, end);
      if (end === to) return;
      this.wasCr = end === nextCr;
      this.endLine();
      from = end + 1;
    }
  }

  private skipMark(bytes: Uint8Array, start: number, to: number): number {
    let from = start;
    while (from < to && this.bomBytes >= 0) {
      if (bytes[from] === BOM[this.bomBytes]) {
        from += 1;
        this.bomBytes = this.bomBytes === 2 ? -1 : this.bomBytes + 1;
        continue;
      }
      const seen = this.bomBytes;
      this.bomBytes = -1;
      if (seen > 0) this.takePart(BOM, 0, seen);
    }
    return from;
  }

  /** A part of one line. */
  private takePart(bytes: Uint8Array, start: number, end: number): void {
    let from = this.field === null ? this.takeFieldName(bytes, start, end) : start;
    if (this.isValueNew && from < end) {
      this.isValueNew = false;
      if (bytes[from] === SPACE) from += 1;
    }
    if (from === end) return;
    if (this.field === 'event') this.takeName(bytes, from, end);
    else if (this.field === 'data') this.give(bytes, from, end);
  }

  private takeFieldName(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at]!;
      if (byte === COLON) {
        this.beginValue(this.fieldOf());
        return at + 1;
      }
      this.fieldName[this.fieldBytes] = byte;
      this.fieldBytes += 1;
      if (this.fieldBytes > MAX_FIELD_BYTES) {
        this.field = 'other';
        return end;
      }
    }
    return end;
  }

  private fieldOf(): Field {
    const { fieldName, fieldBytes } = this;
    if (fieldBytes === DATA.length && fieldName.compare(DATA, 0, fieldBytes, 0, fieldBytes) === 0) return 'data';
    if (fieldBytes === EVENT.length && fieldName.compare(EVENT, 0, fieldBytes, 0, fieldBytes) === 0) return 'event';
    return 'other';
  }

  private beginValue(field: Field): void {
    this.field = field;
    this.isValueNew = true;
    if (field === 'event') this.nameBytes = 0;
    if (field !== 'data') return;
    if (this.hasData) this.give(LINE_BREAK, 0, 1);
    this.hasData = true;
  }

  private takeName(bytes: Uint8Array, from: number, end: number): void {
    const taken = Math.min(end - from, this.name.length - this.nameBytes);
    this.name.set(bytes.subarray(from, from + taken), this.nameBytes);
    this.nameBytes += taken;
  }

  private give(bytes: Uint8Array, from: number, end: number): void {
    if (this.hasName && !this.wanted.has(this.eventName)) return;
    this.isGiven = true;
    this.sink.data(bytes, from, end);
  }

  private endLine(): void {
    const isEmpty = this.field === null && this.fieldBytes === 0;
    if (isEmpty) {
      this.endEvent();
      return;
    }
    // A line without a colon is a field without a value.
    if (this.field === null) this.beginValue(this.fieldOf());
    if (this.field === 'event') this.nameEvent();
    this.field = null;
    this.fieldBytes = 0;
    this.isValueNew = false;
  }

  private nameEvent(): void {
    this.eventName = this.name.toString('utf8', 0, this.nameBytes);
    this.hasName = true;
  }

  private endEvent(): void {
    if (this.hasData && this.wanted.has(this.eventName)) this.sink.event(this.eventName);
    else if (this.isGiven) this.sink.drop();
    this.eventName = '';
    this.hasName = false;
    this.hasData = false;
    this.isGiven = false;
  }
}

/** `to` when it is not there: what lies behind the piece is not looked at. */
function placeOf(byte: number, bytes: Uint8Array, from: number, to: number): number {
  const place = bytes.subarray(from, to).indexOf(byte);
  return place < 0 ? to : from + place;
}
