// The one spelling of a path that routes are matched against, so that `/a/../admin` or `/%61dmin` is not a way around a
// route. Rule: only for matching; what goes upstream is the path as it was sent. An encoded slash stays encoded: it is not
// a separator (RFC 3986, 2.2).

const PERCENT = 37;
const SLASH = 47;
const DOT = 46;

/** Whether the path is in its one spelling already, as nearly every path is. */
export function isCanonicalPath(bytes: Uint8Array, from: number, to: number): boolean {
  let previous = 0;
  for (let i = from; i < to; i++) {
    const octet = bytes[i]!;
    if (octet === PERCENT || (previous === SLASH && (octet === SLASH || octet === DOT))) return false;
    previous = octet;
  }
  return true;
}

export function canonicalPath(bytes: Buffer, from: number, to: number): Buffer {
  const decoded = decode(bytes.toString('latin1', from, to));
  const kept: string[] = [];
  const segments = decoded.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
    if (isLast && (segment === '' || segment === '.' || segment === '..')) kept.push('');
  }
  return Buffer.from(`/${kept.join('/')}`, 'latin1');
}

/** A literal part of a pattern in the same spelling; text beyond ASCII stands for its UTF-8 octets. */
export function canonicalLiteral(text: string): Buffer {
  return Buffer.from(decode(Buffer.from(text).toString('latin1')), 'latin1');
}

function decode(path: string): string {
  return path.replaceAll(/%[0-9A-Fa-f]{2}/g, decodeOne);
}

function decodeOne(encoded: string): string {
  const octet = Number.parseInt(encoded.slice(1), 16);
  return octet === SLASH ? '%2F' : String.fromCharCode(octet);
}
