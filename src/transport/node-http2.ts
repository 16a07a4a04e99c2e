// node:http2, loaded when the first server is spoken to in HTTP/2. Rule: nothing else imports it as more than types; it takes 9 ms and
// 6 MB that a start does not have to wait for and a Sluice at rest does not have to hold.
import type http2 from 'node:http2';

let loaded: typeof http2 | null = null;

export function nodeHttp2(): typeof http2 {
  return (loaded ??= process.getBuiltinModule('node:http2'));
}
