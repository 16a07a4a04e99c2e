// Composes heads and chunk lines into one buffer of bytes on their way out.
// Rule: a run of unmodified field lines is copied as one slice. What is written as text is taken on trust: whoever writes
// text that came from elsewhere has made sure that it holds no line break and nothing beyond latin1.
import type { Head } from './head.ts';
import { COLON, CR, LF, SP } from './octets.ts';

/** Up to here a loop is quicker than the call that copies natively: bench/http1-write.ts. */
const SHORT = 16;

/** Node's own, a third quicker than write(text, …, 'latin1'), but without a type. */
interface Latin1Writer {
  latin1Write(text: string, at: number, length: number): number;
}

/** Bytes on their way out. Grows when needed; one per thread is enough, for whoever sends takes the bytes at once. */
export class OutBuffer {
  bytes: Buffer;
  length = 0;

  constructor(size: number = 16 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `size` more octets. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  latin1(text: string): void {
    const size = text.length;
    this.reserve(size);
    (this.bytes as Buffer & Latin1Writer).latin1Write(text, this.length, size);
    this.length += size;
  }

  copy(source: Buffer, from: number, to: number): void {
    this.reserve(to - from);
    const { bytes, length } = this;
    if (to - from > SHORT) source.copy(bytes, length, from, to);
    else for (let at = from, free = length; at < to; at++, free++) bytes[free] = source[at]!;
    this.length = length + to - from;
  }

  crlf(): void {
    this.reserve(2);
    this.bytes[this.length] = CR;
    this.bytes[this.length + 1] = LF;
    this.length += 2;
  }

  /** A whole number from 0 on. */
  decimal(value: number): void {
    if (value > 0x7fffffff) {
      this.latin1(String(value));
      return;
    }
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits++;
    this.reserve(digits);
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const quotient = (rest / 10) | 0;
      this.bytes[at] = 48 + rest - quotient * 10;
      rest = quotient;
    }
    this.length += digits;
  }

  /** The line before the data of a chunk of less than 2 GiB. */
  chunkHead(size: number): void {
    const digits = hexDigits(size);
    this.reserve(digits);
    let rest = size;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const digit = rest & 15;
      this.bytes[at] = digit < 10 ? 48 + digit : 87 + digit;
      rest >>>= 4;
    }
    this.length += digits;
    this.crlf();
  }
}

/** How many digits a number below 2 GiB has in hexadecimal. */
export function hexDigits(value: number): number {
  return value === 0 ? 1 : 8 - (Math.clz32(value) >> 2);
}

/** Writes the field lines of the head as they came, those aside whose `skip` is not 0. The empty line is left to the caller. */
export function writeFields(out: OutBuffer, head: Head, skip: Uint8Array): void {
  const { bytes, start, fields, count } = head;
  let index = 0;
  while (index < count) {
    if (skip[index] !== 0) {
      index++;
      continue;
    }
    const from = start + fields[index * 4]!;
    while (index < count && skip[index] === 0) index++;
    // A line ends where the next one begins, the last one before the final CRLF.
    out.copy(bytes, from, start + (index < count ? fields[index * 4]! : head.length - 2));
  }
}

/** One field line. Its text is short as a rule, and each part is written for itself: joining them would cost a copy more. */
export function writeField(out: OutBuffer, name: string, value: string): void {
  out.reserve(name.length + value.length + 4);
  out.latin1(name);
  out.bytes[out.length] = COLON;
  out.bytes[out.length + 1] = SP;
  out.length += 2;
  out.latin1(value);
  out.crlf();
}

const REASONS: readonly (readonly [status: number, reason: string])[] = [
  [100, 'Continue'],
  [101, 'Switching Protocols'],
  [102, 'Processing'],
  [103, 'Early Hints'],
  [200, 'OK'],
  [201, 'Created'],
  [202, 'Accepted'],
  [203, 'Non-Authoritative Information'],
  [204, 'No Content'],
  [205, 'Reset Content'],
  [206, 'Partial Content'],
  [207, 'Multi-Status'],
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [304, 'Not Modified'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [411, 'Length Required'],
  [412, 'Precondition Failed'],
  [413, 'Content Too Large'],
  [414, 'URI Too Long'],
  [415, 'Unsupported Media Type'],
  [416, 'Range Not Satisfiable'],
  [417, 'Expectation Failed'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [425, 'Too Early'],
  [426, 'Upgrade Required'],
  [428, 'Precondition Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [499, 'Client Closed Request'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported'],
  [508, 'Loop Detected'],
  [509, 'Bandwidth Limit Exceeded'],
  [511, 'Network Authentication Required'],
];

const LINES: readonly string[] = statusLines();

/** One prepared line for each status up to 999, so that looking one up is an array load. */
function statusLines(): string[] {
  const lines = Array.from({ length: 1000 }, (_, status) => `HTTP/1.1 ${String(status).padStart(3, '0')} \r\n`);
  for (const [status, reason] of REASONS) lines[status] = `HTTP/1.1 ${status} ${reason}\r\n`;
  // Joined text is kept in parts until somebody needs it whole, and every write would ask again.
  return lines.map((line) => Buffer.from(line, 'latin1').toString('latin1'));
}

/** The status line with the given reason phrase, or with the usual one. */
export function writeStatusLine(out: OutBuffer, status: number, reason = ''): void {
  out.latin1(reason === '' ? LINES[status]! : `HTTP/1.1 ${status} ${reason}\r\n`);
}

/** The status line of a received head, with our version and its reason phrase. */
export function copyStatusLine(out: OutBuffer, head: Head): void {
  if (head.reasonFrom === head.reasonTo) {
    writeStatusLine(out, head.status);
    return;
  }
  out.latin1('HTTP/1.1');
  out.copy(head.bytes, head.start + 'HTTP/1.1'.length, head.start + head.reasonTo);
  out.crlf();
}

export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n', 'latin1');
export const CONTINUE_LINE: Buffer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
