// What the head of an answer says when its body is encoded here. Rule: whatever spoke of the bytes as they were goes or is
// made to fit; what a cache needs to keep the variants apart is said of every variant.
import type { Encoding } from './accepted-encodings.ts';
import type { HeadFields } from './held-lines.ts';

/** They are checksums of other bytes than those that are sent. */
const CHECKSUMS = ['content-md5', 'digest', 'content-digest', 'repr-digest'];

export function encodeHead(fields: HeadFields, encoding: Encoding): void {
  fields.remove('content-length');
  // Ranges are counted in the bytes as they were.
  fields.remove('accept-ranges');
  for (const name of CHECKSUMS) fields.remove(name);
  weakenTag(fields);
  replace(fields, 'Content-Encoding', encoding);
}

/** A strong tag promises the same bytes each time (RFC 9110, 8.8.1). One that is no tag at all promises nothing that we could keep. */
export function weakenTag(fields: HeadFields): void {
  const tag = fields.get('etag');
  if (tag === undefined || tag.startsWith('W/')) return;
  if (tag.startsWith('"')) replace(fields, 'ETag', `W/${tag}`);
  else fields.remove('etag');
}

export function varyByEncoding(fields: HeadFields): void {
  const values = fields.has('vary') ? fields.getAll('vary') : [];
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase());
  if (names.includes('*') || names.includes('accept-encoding')) return;
  replace(fields, 'Vary', [...values.filter((value) => value !== ''), 'Accept-Encoding'].join(', '));
}

const WEAK_TAG = /(?<=^|[\s,])W\/"/g;

/** The client has our variant of what the server names by a strong tag: it has to find its own name in the answer. */
export function isKnownAsWeak(tag: string, ifNoneMatch: readonly string[]): boolean {
  const tags = ifNoneMatch.join(',');
  return tag.startsWith('"') && tags.includes(`W/${tag}`) && !tags.replaceAll(`W/${tag}`, '').includes(tag);
}

/** A weak tag in If-Match never fits: what we have made weak is given back its strength, and one that was weak before still never fits. */
export function strengthenTags(fields: HeadFields): void {
  const values = fields.getAll('if-match');
  const strong = values.join(', ').replaceAll(WEAK_TAG, '"');
  if (strong !== values.join(', ')) replace(fields, 'If-Match', strong);
}

/** Names are written as people are used to them, and looked for in lower case. */
function replace(fields: HeadFields, name: string, value: string): void {
  fields.remove(name.toLowerCase());
  fields.append(name, value);
}
