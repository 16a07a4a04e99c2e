// What is known of an answer, written down short: what the key or the fields say already is not said again. Rule: what comes out is what went
// in, also what later versions may add.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';

/** In this order; 0 stands for what can be told from key, URL or fields, or for nothing. */
type PackedMeta = readonly [
  url: string | number,
  urlLength: number,
  host: string | 0,
  route: string | 0,
  status: number,
  varyNames: readonly string[] | 0,
  varyKey: string | 0,
  tags: readonly string[] | 0,
  times: readonly [bornAtMs: number, checkedMs: number, lifetimeMs: number, whileAskingMs: number, onErrorMs: number],
  flags: number,
  etag: string | 0,
  lastModified: string | 0,
  rest: object | 0,
];

/** Where the URL stands in the key; null: nowhere. */
function urlWithin(key: string, url: string): { readonly from: number; readonly length: number } | null {
  const from = key.indexOf(url);
  return from < 0 ? null : { from, length: url.length };
}

export function packMeta(key: string, meta: AnswerMeta): PackedMeta {
  const { url, host, route, status, fields, varyNames, varyKey, tags, ...others } = meta;
  const { bornAtMs, checkedAtMs, lifetimeMs, staleWhileAskingMs, staleOnErrorMs, ...more } = others;
  const { flags, etag, lastModified, ...rest } = more;
  const within = urlWithin(key, url);
  return [
    within?.from ?? url,
    within?.length ?? 0,
    host === hostOf(url) ? 0 : host,
    key.slice(0, key.indexOf(' ')) === route && route !== '' ? 0 : route,
    status,
    varyNames.length === 0 ? 0 : varyNames,
    varyKey === '' ? 0 : varyKey,
    tags.length === 0 ? 0 : tags,
    [bornAtMs, checkedAtMs - bornAtMs, lifetimeMs, staleWhileAskingMs, staleOnErrorMs],
    flags,
    etag === fieldOf(fields, 'etag') ? 0 : etag,
    lastModified === fieldOf(fields, 'last-modified') ? 0 : lastModified,
    Object.keys(rest).length === 0 ? 0 : rest,
  ];
}

export function unpackMeta(key: string, packed: PackedMeta, fields: readonly FieldLine[]): AnswerMeta {
  const [where, urlLength, host, route, status, varyNames, varyKey, tags, times, flags, etag, lastModified, rest] =
    packed;
  const url = typeof where === 'string' ? where : key.slice(where, where + urlLength);
  const [bornAtMs, checkedMs, lifetimeMs, staleWhileAskingMs, staleOnErrorMs] = times;
  return {
    url,
    host: host === 0 ? hostOf(url) : host,
    route: route === 0 ? key.slice(0, key.indexOf(' ')) : route,
    status,
    fields,
    varyNames: varyNames === 0 ? [] : varyNames,
    varyKey: varyKey === 0 ? '' : varyKey,
    tags: tags === 0 ? [] : tags,
    bornAtMs,
    checkedAtMs: bornAtMs + checkedMs,
    lifetimeMs,
    staleWhileAskingMs,
    staleOnErrorMs,
    flags,
    etag: etag === 0 ? fieldOf(fields, 'etag') : etag,
    lastModified: lastModified === 0 ? fieldOf(fields, 'last-modified') : lastModified,
    ...(rest === 0 ? null : rest),
  };
}

export type { PackedMeta };

/** As most URLs say it. */
function hostOf(url: string): string {
  const from = url.indexOf('://') + 3;
  let to = from;
  while (to < url.length && !':/?#'.includes(url.charAt(to))) to += 1;
  return url.slice(from, to).toLowerCase();
}

function fieldOf(fields: readonly FieldLine[], name: string): string {
  return fields.find(([each]) => each.length === name.length && each.toLowerCase() === name)?.[1] ?? '';
}
