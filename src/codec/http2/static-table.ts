// The table that both sides of HPACK know from the beginning (RFC 7541, appendix A). Rule: its order is its meaning.
import { HeaderField } from './header-field.ts';

const ENTRIES: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];

export const STATIC_ENTRIES: number = ENTRIES.length;

/** By index, which counts from 1. */
export const staticTable: readonly HeaderField[] = [
  new HeaderField('', ''),
  ...ENTRIES.map(([name, value = '']) => new HeaderField(name, value)),
];

/** The first entry with a name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  ENTRIES.map(([name], place) => [name, place + 1] as const).reverse(),
);

/** The statuses that are in it, with their places. */
export const STATUSES: ReadonlyMap<string, number> = new Map(
  ENTRIES.flatMap(([name, value], place) =>
    name === ':status' && value !== undefined ? [[value, place + 1] as const] : [],
  ),
);
