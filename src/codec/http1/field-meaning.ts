// What the fields that steer a connection say: Host, framing, persistence, upgrade, expectation, hop-by-hop.
// Rule: whatever two readers could understand differently is refused, never repaired (RFC 9112, 6.3 and 11.2).
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { FIELD, FRAMING, METHOD } from './head.ts';
import type { Head } from './head.ts';
import { COMMA, HTAB, SP, TOKEN } from './octets.ts';
import { isAuthority } from './request-target.ts';

const MAX_LENGTH_DIGITS = 15;
const MAX_LISTED_OPTIONS = 64;

/** What the fields of one head have said so far: the bits of Head.said. */
const SAID = {
  hostTwice: 1,
  connectionBad: 2,
  close: 4,
  keepAlive: 8,
  upgradeOption: 16,
  otherOption: 32,
  upgrade: 64,
  length: 128,
  lengthTwice: 256,
  lengthBad: 512,
  coding: 1024,
  chunked: 2048,
  codingBad: 4096,
  codingUnknown: 8192,
  expectContinue: 16_384,
  expectOther: 32_768,
} as const;

/** Takes in the field at `index`, one with a number up to HTTP2_SETTINGS, and adds what it says to `head.said`. */
export function noteField(head: Head, index: number): void {
  switch (head.ids[index]!) {
    case FIELD.HOST:
      if (head.hostIndex >= 0) head.said |= SAID.hostTwice;
      else head.hostIndex = index;
      return;
    case FIELD.CONTENT_LENGTH:
      noteLength(head, index);
      return;
    case FIELD.CONNECTION:
      head.said |= connectionOptions(head, index);
      break;
    case FIELD.TRANSFER_ENCODING:
      head.said |= SAID.coding | codings(head, index);
      break;
    case FIELD.TE:
      if (listHas(head, index, 'trailers')) head.teTrailers = true;
      break;
    case FIELD.UPGRADE:
      head.said |= SAID.upgrade;
      break;
    case FIELD.EXPECT:
      head.said |= valueEquals(head, index, '100-continue') ? SAID.expectContinue : SAID.expectOther;
      return;
    default:
  }
  head.drop[index] = 1;
}

/** Judges a complete request head: framing, Host, persistence. */
export function settleRequest(head: Head): Fault | null {
  const fault = hostFault(head) ?? framingFault(head);
  if (fault !== null) return fault;
  settleConnection(head);
  if ((head.said & SAID.otherOption) !== 0 && !dropListed(head)) return FAULT.connectionTooLong;
  if ((head.said & SAID.chunked) !== 0) head.framing = FRAMING.CHUNKED;
  else if (head.contentLength > 0) head.framing = FRAMING.LENGTH;
  return head.methodId === METHOD.CONNECT && head.framing !== FRAMING.NONE ? FAULT.connectBody : null;
}

/** Judges a complete response head, given the method that it answers. */
export function settleResponse(head: Head, requestMethod: number): Fault | null {
  const { status } = head;
  // What a tunnel's answer says about a body is ignored (RFC 9110, 9.3.6).
  const opensTunnel = requestMethod === METHOD.CONNECT && status >= 200 && status < 300;
  const fault = opensTunnel ? null : framingFault(head);
  if (fault !== null) return fault;
  settleConnection(head);
  if ((head.said & SAID.otherOption) !== 0 && !dropListed(head)) return FAULT.connectionTooLong;
  if (status < 200 || status === 204 || opensTunnel) dropLength(head);
  else if (requestMethod !== METHOD.HEAD && status !== 304) settleBody(head);
  return null;
}

function settleBody(head: Head): void {
  if ((head.said & SAID.chunked) !== 0) head.framing = FRAMING.CHUNKED;
  else if ((head.said & SAID.length) === 0) {
    head.framing = FRAMING.UNTIL_CLOSE;
    head.keepAlive = false;
  } else if (head.contentLength > 0) head.framing = FRAMING.LENGTH;
}

/** These responses have no body and must not announce one (RFC 9110, 8.6). */
function dropLength(head: Head): void {
  dropAll(head, FIELD.CONTENT_LENGTH);
  head.contentLength = -1;
}

function settleConnection(head: Head): void {
  const isOld = head.versionMinor === 0;
  head.keepAlive = (head.said & SAID.close) === 0 && (!isOld || (head.said & SAID.keepAlive) !== 0);
  if (isOld) {
    // An expectation is to be ignored in HTTP/1.0 (RFC 9110, 10.1.1), so it must not go out in a request of ours, which is 1.1.
    dropAll(head, FIELD.EXPECT);
    return;
  }
  head.wantsUpgrade = (head.said & SAID.upgrade) !== 0 && (head.said & SAID.upgradeOption) !== 0;
  head.expectContinue = (head.said & SAID.expectContinue) !== 0;
  head.expectOther = (head.said & SAID.expectOther) !== 0;
}

function dropAll(head: Head, id: number): void {
  for (let index = head.find(id); index >= 0; index = head.find(id, index + 1)) head.drop[index] = 1;
}

function hostFault(head: Head): Fault | null {
  if ((head.said & SAID.hostTwice) !== 0) return FAULT.hostRepeated;
  const index = head.hostIndex;
  if (index < 0) return head.versionMinor === 0 ? null : FAULT.hostMissing;
  const from = head.start + head.fields[index * 4 + 2]!;
  const to = head.start + head.fields[index * 4 + 3]!;
  return isAuthority(head.bytes, from, to) ? null : FAULT.hostInvalid;
}

function framingFault(head: Head): Fault | null {
  if ((head.said & SAID.connectionBad) !== 0) return FAULT.connectionOption;
  if ((head.said & SAID.lengthTwice) !== 0) return FAULT.lengthRepeated;
  if ((head.said & SAID.lengthBad) !== 0) return FAULT.lengthInvalid;
  if ((head.said & SAID.coding) === 0) return null;
  if ((head.said & SAID.length) !== 0) return FAULT.lengthAndCoding;
  if (head.versionMinor === 0) return FAULT.codingInOldVersion;
  // The order of RFC 9112, 6.3 and 6.1: without a final chunked the end is unknown, whatever the other codings are.
  if ((head.said & SAID.codingBad) !== 0 || (head.said & SAID.chunked) === 0) return FAULT.codingInvalid;
  return (head.said & SAID.codingUnknown) !== 0 ? FAULT.codingUnsupported : null;
}

function noteLength(head: Head, index: number): void {
  if ((head.said & SAID.length) !== 0) head.said |= SAID.lengthTwice;
  head.said |= SAID.length;
  const from = head.start + head.fields[index * 4 + 2]!;
  const to = head.start + head.fields[index * 4 + 3]!;
  head.contentLength = decimal(head.bytes, from, to);
  if (head.contentLength < 0) head.said |= SAID.lengthBad;
}

/** 1*DIGIT as an exact number, -1 when it is anything else. */
function decimal(bytes: Buffer, from: number, to: number): number {
  if (from === to || to - from > MAX_LENGTH_DIGITS) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The codings of one Transfer-Encoding field; chunked must be last, so none may come after an earlier field with it. */
function codings(head: Head, index: number): number {
  const { bytes } = head;
  const to = head.start + head.fields[index * 4 + 3]!;
  let bits = head.said & SAID.chunked;
  for (let from = head.start + head.fields[index * 4 + 2]!; ;) {
    const comma = commaAfter(bytes, from, to);
    const name = skipWhitespace(bytes, from, comma);
    const nameTo = trimWhitespace(bytes, name, comma);
    if (name === nameTo || (bits & SAID.chunked) !== 0) return bits | SAID.codingBad;
    bits |= textEquals(bytes, name, nameTo, 'chunked') ? SAID.chunked : SAID.codingUnknown;
    if (comma === to) return bits;
    from = comma + 1;
  }
}

function connectionOptions(head: Head, index: number): number {
  if (valueEquals(head, index, 'keep-alive')) return SAID.keepAlive;
  const { bytes } = head;
  const to = head.start + head.fields[index * 4 + 3]!;
  let bits = 0;
  for (let from = head.start + head.fields[index * 4 + 2]!; from < to;) {
    const comma = commaAfter(bytes, from, to);
    const name = skipWhitespace(bytes, from, comma);
    const nameTo = trimWhitespace(bytes, name, comma);
    if (name < nameTo) bits |= connectionOption(bytes, name, nameTo);
    from = comma + 1;
  }
  return bits;
}

function connectionOption(bytes: Buffer, from: number, to: number): number {
  if (textEquals(bytes, from, to, 'keep-alive')) return SAID.keepAlive;
  if (textEquals(bytes, from, to, 'close')) return SAID.close;
  if (textEquals(bytes, from, to, 'upgrade')) return SAID.upgradeOption;
  for (let at = from; at < to; at++) if (TOKEN[bytes[at]!] === 0) return SAID.connectionBad;
  return SAID.otherOption;
}

/** Marks the fields that Connection lists. False when it lists more options than anybody has use for. */
function dropListed(head: Head): boolean {
  const { bytes } = head;
  let options = 0;
  for (let index = head.find(FIELD.CONNECTION); index >= 0; index = head.find(FIELD.CONNECTION, index + 1)) {
    const to = head.start + head.fields[index * 4 + 3]!;
    for (let from = head.start + head.fields[index * 4 + 2]!; from < to;) {
      const comma = commaAfter(bytes, from, to);
      const name = skipWhitespace(bytes, from, comma);
      if (++options > MAX_LISTED_OPTIONS) return false;
      dropNamed(head, name, trimWhitespace(bytes, name, comma));
      from = comma + 1;
    }
  }
  return true;
}

function dropNamed(head: Head, from: number, to: number): void {
  const { bytes, start, fields } = head;
  for (let index = 0; index < head.count; index++) {
    const name = start + fields[index * 4]!;
    if (start + fields[index * 4 + 1]! - name !== to - from) continue;
    if (head.ids[index] === FIELD.HOST || head.ids[index] === FIELD.CONTENT_LENGTH) continue;
    let i = 0;
    while (from + i < to && TOKEN[bytes[name + i]!] === TOKEN[bytes[from + i]!]) i++;
    if (from + i === to) head.drop[index] = 1;
  }
}

function listHas(head: Head, index: number, lowercaseName: string): boolean {
  const { bytes } = head;
  const to = head.start + head.fields[index * 4 + 3]!;
  for (let from = head.start + head.fields[index * 4 + 2]!; from < to;) {
    const comma = commaAfter(bytes, from, to);
    const name = skipWhitespace(bytes, from, comma);
    if (textEquals(bytes, name, trimWhitespace(bytes, name, comma), lowercaseName)) return true;
    from = comma + 1;
  }
  return false;
}

function valueEquals(head: Head, index: number, lowercaseText: string): boolean {
  const from = head.start + head.fields[index * 4 + 2]!;
  return textEquals(head.bytes, from, head.start + head.fields[index * 4 + 3]!, lowercaseText);
}

function textEquals(bytes: Buffer, from: number, to: number, lowercaseText: string): boolean {
  if (to - from !== lowercaseText.length) return false;
  for (let i = 0; i < lowercaseText.length; i++) {
    if (TOKEN[bytes[from + i]!] !== lowercaseText.charCodeAt(i)) return false;
  }
  return true;
}

function commaAfter(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== COMMA) at++;
  return at;
}

function skipWhitespace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === SP || bytes[at] === HTAB)) at++;
  return at;
}

function trimWhitespace(bytes: Buffer, from: number, to: number): number {
  let at = to;
  while (at > from && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
  return at;
}
