// What is no longer true after a request that changes something (RFC 9111, 4.4). Rule: any method that is not known to be safe may
// have changed what it was sent to; an answer may name more, but only of the same origin.
import type { FieldReader } from './field-reader.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY', 'CONNECT']);

function isSafe(method: string): boolean {
  return SAFE.has(method);
}

/** The URLs of which nothing stored is to be given any more. */
export function invalidated(method: string, url: string, status: number, response: FieldReader): readonly string[] {
  if (isSafe(method) || status < 200 || status >= 400) return [];
  const own = URL.parse(url);
  const urls = new Set([url]);
  for (const name of ['location', 'content-location']) {
    const said = response.get(name);
    const other = said === undefined ? null : URL.parse(said, url);
    if (other === null || own === null || other.origin !== own.origin) continue;
    urls.add(own.origin + other.pathname + other.search);
    // As an origin would write it, before a URL is brought into one form.
    if (said?.startsWith('/') === true && !said.startsWith('//'))
      urls.add(originAsWritten(url) + (said.split('#')[0] ?? ''));
  }
  return [...urls];
}

function originAsWritten(url: string): string {
  const path = url.indexOf('/', url.indexOf('//') + 2);
  return path === -1 ? url : url.slice(0, path);
}
