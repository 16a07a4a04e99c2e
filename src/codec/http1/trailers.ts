// Which trailer fields survive. Rule: a trailer comes after every decision has been taken, so a field that frames, routes,
// authenticates, modifies or describes the content is dropped (RFC 9110, 6.5.1). The others are copied: the bytes they came in are borrowed.
import { FIELD, Head } from './head.ts';

const FORBIDDEN_PREFIXES = ['content-', 'accept', 'if-', 'x-forwarded-', 'proxy-', 'sec-', 'access-control-'];

/** A head with the fields that may be forwarded, null when none is left. */
export function copyTrailers(section: Head): Head | null {
  const kept = new Head();
  const bytes = Buffer.allocUnsafeSlow(section.length);
  for (let index = 0; index < section.count; index++) {
    if (!isAllowed(section, index)) continue;
    copyField(section, index, kept, bytes);
  }
  if (kept.count === 0) return null;
  kept.length += bytes.write('\r\n', kept.length, 'latin1');
  kept.bytes = bytes;
  return kept;
}

function isAllowed(section: Head, index: number): boolean {
  if (section.ids[index] !== FIELD.OTHER) return section.ids[index] === FIELD.ETAG;
  const name = section.name(index).toLowerCase();
  return !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Appends one field line to `kept`, whose bytes are collected in `bytes`. */
function copyField(section: Head, index: number, kept: Head, bytes: Buffer): void {
  if (kept.count === kept.ids.length) kept.grow();
  const from = section.fields[index * 4]!;
  const to = section.fields[index * 4 + 3]!;
  const shift = kept.length - from;
  section.bytes.copy(bytes, kept.length, section.start + from, section.start + to);
  kept.length += to - from;
  kept.length += bytes.write('\r\n', kept.length, 'latin1');
  const slot = kept.count * 4;
  for (let i = 0; i < 4; i++) kept.fields[slot + i] = section.fields[index * 4 + i]! + shift;
  kept.ids[kept.count] = section.ids[index]!;
  kept.drop[kept.count] = 0;
  kept.count++;
}
