// The head of an answer that will be sent many times, as the bytes that go out. Rule: made once, with everything in it that is the same
// for every client; framing is that of its body, and nothing in it is of a connection.
import { Buffer } from 'node:buffer';
import { fieldOctets } from './field-text.ts';
import { OutBuffer, writeField, writeStatusLine } from './writer.ts';

/** Of one connection, or said here anew. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const FIRST_BYTES = 1024;

/**
 * Status line and field lines, each with its CRLF, without the empty line. `bodyLength`: what Content-Length says; -1: nothing. A `Date`
 * is among the fields, since it is that of the answer and not of now.
 */
export function readyHead(
  status: number,
  fields: readonly (readonly [name: string, value: string])[],
  bodyLength: number,
): Buffer {
  const out = new OutBuffer(FIRST_BYTES);
  writeStatusLine(out, status);
  for (const [name, value] of fields) {
    if (!LEFT_OUT.has(name.toLowerCase())) writeField(out, name, fieldOctets(name, value));
  }
  // RFC 9110, 8.6: no Content-Length in a 204.
  if (bodyLength >= 0 && status !== 204) writeField(out, 'Content-Length', String(bodyLength));
  return Buffer.from(out.bytes.subarray(0, out.length));
}
