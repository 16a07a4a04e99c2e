// A stream of events on its way to a client of the other dialect. Rule: what an event becomes goes out with the last byte of that
// event; a stream that ends before it is complete is cut, so that nobody takes it for a whole one.
import { Buffer } from 'node:buffer';
import { EventScan, type EventSink } from '../../codec/sse/event-scan.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ChatStream } from './chat-stream.ts';
import { isObject } from './json-fields.ts';

/** Events without a name say in their data what they are. */
const EVENTS = new Set([
  '',
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'error',
  'ping',
]);

const MAX_EVENT_BYTES = 16 * 1024 * 1024;

export class StreamBody implements BodyTransform, EventSink {
  private readonly sink: BodySink;
  private readonly stream: ChatStream;
  private readonly scan = new EventScan(EVENTS, this);
  private parts: Buffer[] = [];
  private size = 0;
  /** What the events of one piece have become. */
  private out = '';
  private isLost = false;

  constructor(sink: BodySink, stream: ChatStream) {
    this.sink = sink;
    this.stream = stream;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.isLost) return;
    this.scan.take(bytes, from, to);
    const { out } = this;
    this.out = '';
    if (out !== '') {
      const told = Buffer.from(out);
      this.sink.write(told, 0, told.length);
    }
    if (this.isLost) this.sink.fail(new SluiceError('upstream_invalid'));
  }

  end(): void {
    if (this.isLost) return;
    if (this.stream.isOver) this.sink.end();
    else this.sink.fail(new SluiceError('upstream_incomplete'));
  }

  abort(): void {
    this.drop();
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.size += to - from;
    if (this.size > MAX_EVENT_BYTES) this.lose();
    else this.parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  event(): void {
    const text = Buffer.concat(this.parts).toString();
    this.drop();
    if (this.isLost) return;
    const event = parsed(text);
    if (event === null) this.lose();
    else this.out += this.stream.take(event);
  }

  drop(): void {
    this.parts = [];
    this.size = 0;
  }

  /** What follows cannot be understood without what was lost. */
  private lose(): void {
    this.isLost = true;
    this.parts = [];
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const event: unknown = JSON.parse(text);
    return isObject(event) ? event : null;
  } catch {
    return null;
  }
}
