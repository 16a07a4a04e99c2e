// The four forms of a request target (RFC 9112, 3.2) and the grammar of a host and port.
// Rule: what names a host is accepted only when every reader would take it for the same host.
import { parseIp } from '../../core/ip.ts';
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { METHOD, TARGET_FORM } from './head.ts';
import type { Head } from './head.ts';
import { COLON, HEX, HOST } from './octets.ts';

const SLASH = 47;
const ASTERISK = 42;
const QUESTION = 63;
const PERCENT = 37;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;
const LONGEST_IPV6 = 45;

/** Finds out the form of the target, which consists of allowed octets already, and where its parts lie. */
export function readTarget(head: Head): Fault | null {
  const { bytes, targetFrom, targetTo } = head;
  const at = head.start + targetFrom;
  const to = head.start + targetTo;
  if (head.methodId === METHOD.CONNECT) {
    head.targetForm = TARGET_FORM.AUTHORITY;
    head.authorityFrom = targetFrom;
    head.authorityTo = targetTo;
    head.pathFrom = targetTo;
    return isAuthority(bytes, at, to) && hasPort(bytes, at, to) ? null : FAULT.targetAuthority;
  }
  head.pathFrom = targetFrom;
  head.authorityFrom = targetFrom;
  head.authorityTo = targetFrom;
  if (bytes[at] === SLASH) {
    head.targetForm = TARGET_FORM.ORIGIN;
    return null;
  }
  if (bytes[at] === ASTERISK && to === at + 1) {
    head.targetForm = TARGET_FORM.ASTERISK;
    return head.methodId === METHOD.OPTIONS ? null : FAULT.targetForm;
  }
  return readAbsolute(head);
}

function readAbsolute(head: Head): Fault | null {
  const { bytes, start, targetFrom, targetTo } = head;
  let from = targetFrom;
  if (startsWith(head, 'http://')) from += 7;
  else if (startsWith(head, 'https://')) from += 8;
  else return FAULT.targetForm;
  let to = from;
  while (to < targetTo && bytes[start + to] !== SLASH && bytes[start + to] !== QUESTION) to++;
  head.targetForm = TARGET_FORM.ABSOLUTE;
  head.authorityFrom = from;
  head.authorityTo = to;
  head.pathFrom = to;
  return isAuthority(bytes, start + from, start + to) ? null : FAULT.targetAuthority;
}

function startsWith(head: Head, lowercasePrefix: string): boolean {
  if (head.targetTo - head.targetFrom < lowercasePrefix.length) return false;
  const at = head.start + head.targetFrom;
  for (let i = 0; i < lowercasePrefix.length; i++) {
    const octet = head.bytes[at + i]!;
    const lower = octet >= 65 && octet <= 90 ? octet + 32 : octet;
    if (lower !== lowercasePrefix.charCodeAt(i)) return false;
  }
  return true;
}

/** `host [":" port]` as in a Host field: no userinfo, no list, no empty host; the port may be empty. */
export function isAuthority(bytes: Buffer, from: number, to: number): boolean {
  const hostTo = bytes[from] === OPENING_BRACKET ? ipLiteralEnd(bytes, from, to) : regNameEnd(bytes, from, to);
  if (hostTo <= from) return false;
  if (hostTo === to) return true;
  return bytes[hostTo] === COLON && portOf(bytes, hostTo + 1, to) >= 0;
}

function hasPort(bytes: Buffer, from: number, to: number): boolean {
  let at = to - 1;
  while (at > from && bytes[at]! >= 48 && bytes[at]! <= 57) at--;
  return bytes[at] === COLON && portOf(bytes, at + 1, to) > 0;
}

/** The port, 0 for none; -1 when it is not a number up to 65535. */
function portOf(bytes: Buffer, from: number, to: number): number {
  let port = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
    if (port > 65_535) return -1;
  }
  return port;
}

function regNameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const octet = bytes[at]!;
    if (HOST[octet] !== 0) at++;
    else if (octet === PERCENT && at + 2 < to && HEX[bytes[at + 1]!] !== 0 && HEX[bytes[at + 2]!] !== 0) at += 3;
    else break;
  }
  return at;
}

function ipLiteralEnd(bytes: Buffer, from: number, to: number): number {
  let at = from + 1;
  while (at < to && bytes[at] !== CLOSING_BRACKET && at - from <= LONGEST_IPV6) at++;
  if (at === to || bytes[at] !== CLOSING_BRACKET) return -1;
  const text = bytes.toString('latin1', from + 1, at);
  // A zone has no meaning beyond its own host, and nobody uses an IPvFuture.
  return text.includes(':') && !text.includes('%') && parseIp(text) !== undefined ? at + 1 : -1;
}
