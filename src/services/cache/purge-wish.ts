// What is to be purged, as a request says it. Rule: it says it in exactly one way, so that a word that is missing never means all.
import { SluiceError } from '../../core/errors.ts';
import type { PurgeOrder } from './store/purge-lists.ts';

export interface PurgeWish {
  readonly orders: readonly PurgeOrder[];
  /** What is meant counts as stale, and is asked for again, instead of being gone. */
  readonly isSoft: boolean;
}

/** In the order in which they are named to who has named none. */
const PURGE_WAYS = ['url', 'prefix', 'pattern', 'tag', 'all'] as const;
type PurgeWay = (typeof PURGE_WAYS)[number];

const SCHEMES = ['http', 'https'] as const;
const URL_START = /^https?:\/\/[^/?#]/i;
const HOST_PATTERN = /^[\w.*:[\]-]+$/;
const YES = new Set(['', '1', 'true', 'yes']);
const NO = new Set(['0', 'false', 'no']);

/** Throws what the request can be answered with. */
export function purgeWish(query: URLSearchParams): PurgeWish {
  const unknown = [...query.keys()].find((name) => name !== 'soft' && !isWay(name));
  if (unknown !== undefined) throw fault(`${JSON.stringify(unknown)} says nothing of what to purge.`);
  const isSoft = isOn(query, 'soft');
  const ways = PURGE_WAYS.filter((way) => (way === 'all' ? isOn(query, way) : query.has(way)));
  const [way] = ways;
  if (way === undefined || ways.length > 1) {
    throw fault(`One of ${PURGE_WAYS.join(', ')} is needed${ways.length > 1 ? ', and no more than one' : ''}.`);
  }
  const orders = way === 'all' ? [{ kind: 'all' } as const] : query.getAll(way).flatMap((text) => ordersOf(way, text));
  return { orders, isSoft };
}

function isWay(name: string): name is PurgeWay {
  return PURGE_WAYS.some((way) => way === name);
}

function isOn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)?.toLowerCase();
  if (text === undefined || NO.has(text)) return false;
  if (!YES.has(text)) throw fault(`${name} is true or false.`);
  return true;
}

function ordersOf(way: Exclude<PurgeWay, 'all'>, text: string): PurgeOrder[] {
  if (text === '') throw fault(`${way} is empty.`);
  switch (way) {
    case 'tag':
      return [{ kind: 'tag', tag: text }];
    case 'pattern':
      if (!HOST_PATTERN.test(text))
        throw fault(`pattern is one of hosts, such as *.example.com; it is ${JSON.stringify(text)}.`);
      return [{ kind: 'host', pattern: text.toLowerCase() }];
    case 'url':
      return urlsOf(text).map((url) => ({ kind: 'url', url }));
    case 'prefix':
      break;
  }
  return urlsOf(text).map((prefix) => ({ kind: 'prefix', prefix }));
}

/** Without a scheme both are meant. Scheme and host in lower case and without the port that the scheme has anyway, as they are kept. */
function urlsOf(text: string): string[] {
  if (!text.includes('://')) return SCHEMES.flatMap((scheme) => urlsOf(`${scheme}://${text.replace(/^\/\//, '')}`));
  if (!URL_START.test(text)) throw fault(`${JSON.stringify(text)} is no URL of http or https.`);
  const end = text.search(/(?<!:|:\/)[/?#]/);
  const origin = (end < 0 ? text : text.slice(0, end)).toLowerCase();
  const plain = origin.replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
  const rest = end < 0 ? '/' : text.slice(end).replace(/#.*$/, '');
  return [`${plain}${rest.startsWith('/') ? '' : '/'}${rest}`];
}

function fault(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
