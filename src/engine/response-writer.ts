// Writes an answer's head to an HTTP/1.1 client. Rule: the framing is decided here, from what is known about this answer and
// this client, and never copied from the upstream.
import { FIELD, type Head } from '../codec/http1/head.ts';
import { copyStatusLine, type OutBuffer, writeFields, writeStatusLine } from '../codec/http1/writer.ts';
import type { ReadyAnswer } from '../contract/kept-answer.ts';
import { wheel } from '../transport/timers.ts';
import type { ResponseState } from './response-state.ts';

/** How the client finds the end of the body. */
export const BODY = { NONE: 0, LENGTH: 1, CHUNKED: 2, UNTIL_CLOSE: 3 } as const;

export function bodyFraming(response: ResponseState, request: Head): number {
  if (!response.hasBody) return BODY.NONE;
  if (response.bodyLength >= 0) return BODY.LENGTH;
  return request.versionMinor === 0 ? BODY.UNTIL_CLOSE : BODY.CHUNKED;
}

export function writeResponseHead(out: OutBuffer, response: ResponseState, bodyMode: number, keepAlive: boolean): void {
  const { head, status } = response;
  if (status === head.status) copyStatusLine(out, head);
  else writeStatusLine(out, status);
  // RFC 9110, 8.6: no Content-Length in a 204.
  if (status === 204) dropKnown(head, FIELD.CONTENT_LENGTH);
  writeFields(out, head, head.drop);
  const { added } = response.fields;
  added.write(out);
  if (head.find(FIELD.DATE) < 0 && added.find('date') === undefined) writeDate(out);
  if (bodyMode === BODY.CHUNKED) out.latin1('Transfer-Encoding: chunked\r\n');
  if (!keepAlive) out.latin1('Connection: close\r\n');
  out.crlf();
}

/** An answer that was kept as it goes out. */
export function writeReadyHead(out: OutBuffer, ready: ReadyAnswer, passing: string, keepAlive: boolean): void {
  out.copy(ready.head, ready.headFrom, ready.headTo);
  out.latin1(passing);
  if (!keepAlive) out.latin1('Connection: close\r\n');
  out.crlf();
}

/** A 1xx head: its fields and nothing of ours. */
export function writeInterimHead(out: OutBuffer, head: Head): void {
  copyStatusLine(out, head);
  dropKnown(head, FIELD.CONTENT_LENGTH);
  writeFields(out, head, head.drop);
  out.crlf();
}

/** 101: the connection stops being HTTP after this head. */
export function writeSwitchHead(out: OutBuffer, head: Head): void {
  copyStatusLine(out, head);
  writeFields(out, head, head.drop);
  const upgrade = head.find(FIELD.UPGRADE);
  out.latin1(`Connection: upgrade\r\nUpgrade: ${upgrade < 0 ? '' : head.value(upgrade)}\r\n\r\n`);
}

/** The same, made here. */
export function writeOwnSwitchHead(out: OutBuffer, { status, fields }: ResponseState, protocol: string): void {
  writeStatusLine(out, status);
  fields.added.write(out);
  out.latin1(`Connection: upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
}

function writeDate(out: OutBuffer): void {
  out.latin1('Date: ');
  out.latin1(wheel.httpDate());
  out.crlf();
}

function dropKnown(head: Head, id: number): void {
  for (let index = head.find(id); index >= 0; index = head.find(id, index + 1)) head.drop[index] = 1;
}
