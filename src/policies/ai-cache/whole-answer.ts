// Whether a decoded answer of a provider is one that can be given again: it has come to its own end, and it is an answer. Rule: in doubt it
// is none.
import { Buffer } from 'node:buffer';
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import { EventScan, type EventSink } from '../../codec/sse/event-scan.ts';

const STATE = new PickedPaths(['type', 'status', 'error']);

const OPEN = 0x7b;
const CLOSE = 0x7d;
/** By these a stream says that it has come to its end; '' is an event without a name, as Chat Completions has them. */
const ENDS = new Set(['message_stop', 'response.completed', 'error', '']);
const DONE = '[DONE]';

export function isWholeAnswer(decoded: Uint8Array, isStream: boolean): boolean {
  return isStream ? isWholeStream(decoded) : isWholeJson(decoded);
}

function isWholeJson(decoded: Uint8Array): boolean {
  const bytes = Buffer.from(decoded.buffer, decoded.byteOffset, decoded.length);
  let [from, to] = [0, bytes.length];
  while (from < to && isSpace(bytes[from])) from += 1;
  while (to > from && isSpace(bytes[to - 1])) to -= 1;
  if (bytes[from] !== OPEN || bytes[to - 1] !== CLOSE) return false;
  const picked = new PickedValues(STATE);
  picked.take(bytes, from, to);
  const [type, status, error] = [picked.get('type'), picked.get('status'), picked.get('error')];
  if (type === 'error' || (error !== undefined && error !== null)) return false;
  // Of a response that goes on in the background there is only the beginning.
  return status === undefined || status === null || status === 'completed';
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isWholeStream(decoded: Uint8Array): boolean {
  const end = new StreamEnd();
  new EventScan(ENDS, end).take(decoded, 0, decoded.length);
  return end.isThere && !end.hasFailed;
}

class StreamEnd implements EventSink {
  isThere = false;
  hasFailed = false;
  /** The data of an event, as far as it may be the word for the end. */
  private text = '';

  data(bytes: Uint8Array, from: number, to: number): void {
    if (this.text.length > DONE.length) return;
    this.text += Buffer.from(bytes.subarray(from, Math.min(to, from + DONE.length + 1))).toString('latin1');
  }

  event(name: string): void {
    if (name === 'error') this.hasFailed = true;
    else if (name !== '' || this.text === DONE) this.isThere = true;
    this.text = '';
  }

  drop(): void {
    this.text = '';
  }
}
