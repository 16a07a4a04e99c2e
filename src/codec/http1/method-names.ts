// Which known method the bytes name. Rule: methods are case-sensitive (RFC 9110, 9.1); `get` is not GET.
import { METHOD } from './head.ts';

interface KnownMethod {
  readonly id: number;
  readonly octets: Uint8Array;
}

const BY_LENGTH: readonly (readonly KnownMethod[])[] = groupByLength();

function groupByLength(): KnownMethod[][] {
  const groups: KnownMethod[][] = [];
  for (const [name, id] of Object.entries(METHOD)) {
    if (id === METHOD.OTHER) continue;
    const octets = Uint8Array.from(name, (character) => character.charCodeAt(0));
    while (groups.length <= octets.length) groups.push([]);
    groups[octets.length]!.push({ id, octets });
  }
  return groups;
}

/** The METHOD number of bytes[from, to). */
export function methodId(bytes: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length === 3 && bytes[from] === 71 && bytes[from + 1] === 69 && bytes[from + 2] === 84) return METHOD.GET;
  if (length >= BY_LENGTH.length) return METHOD.OTHER;
  for (const { id, octets } of BY_LENGTH[length]!) {
    let i = 0;
    while (i < length && bytes[from + i] === octets[i]) i++;
    if (i === length) return id;
  }
  return METHOD.OTHER;
}
