// What the two sides of a WebSocket have agreed on in Sec-WebSocket-Extensions. Rule: who knows one extension of several knows nothing of
// what they make of the frames together.

/** `unknown`: by something else, or more than that. */
export type MessageCompression = 'none' | 'deflate' | 'unknown';

/** Of the answer of a server. Its parameters don't matter to who reads: any window fits into the largest, and one kept is no harm. */
export function compressionOf(extensions: string): MessageCompression {
  const names = extensions.split(',').map((each) => each.replace(/;.*/s, '').trim().toLowerCase());
  const agreed = names.filter((name) => name !== '');
  if (agreed.length === 0) return 'none';
  return agreed.length === 1 && agreed[0] === 'permessage-deflate' ? 'deflate' : 'unknown';
}
