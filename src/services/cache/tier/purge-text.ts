// Purges as nodes tell each other of them and remember them. Rule: what cannot be read as one means everything, so that nothing that was to be
// gone is given because nodes are of different versions.
import type { AnswerMeta } from '../answer-meta.ts';
import type { PurgeOrder } from '../store/purge-lists.ts';
import type { PurgeWish } from '../purge-wish.ts';
import type { TierServer } from './tier-server.ts';

export const PURGES_KEY = 'sluice:cache:1:purges';
export const PURGES_CHANNEL = 'sluice:cache:1:purged';

/** No answer is kept there for longer. */
export const PURGES_KEPT_MS = 86_400_000;

export interface TierPurge extends PurgeWish {
  /** Of the node that it comes from. */
  readonly from: string;
  readonly atMs: number;
}

const ALL: TierPurge = { from: '', atMs: 0, isSoft: false, orders: [{ kind: 'all' }] };
const KINDS: ReadonlySet<unknown> = new Set(['url', 'prefix', 'host', 'tag', 'key', 'all']);

export function purgeOf(text: string): TierPurge {
  try {
    const purge = JSON.parse(text) as TierPurge;
    return Array.isArray(purge.orders) && purge.orders.every(({ kind }) => KINDS.has(kind)) ? purge : ALL;
  } catch {
    return ALL;
  }
}

/** Whether a purge means that answer. */
export function wasPurged(meta: AnswerMeta, text: string): boolean {
  return purgeOf(text).orders.some((order) => isMeant(meta, order));
}

function isMeant({ url, host, tags }: AnswerMeta, order: PurgeOrder): boolean {
  switch (order.kind) {
    case 'url':
      return url === order.url;
    case 'prefix':
      return url.startsWith(order.prefix);
    case 'host':
      return hostPattern(order.pattern).test(host);
    case 'tag':
      return tags.includes(order.tag);
    case 'key':
      return false;
    case 'all':
      break;
  }
  return true;
}

function hostPattern(pattern: string): RegExp {
  const parts = pattern.toLowerCase().split('*');
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*')}$`);
}

/** Written down first: who reads an answer meanwhile finds that it was purged. */
export async function tellPurge(server: TierServer, purge: TierPurge): Promise<void> {
  const text = JSON.stringify(purge);
  await server.send(['ZADD', PURGES_KEY, String(purge.atMs), text]);
  await server.send(['PUBLISH', PURGES_CHANNEL, text]);
  await server.send(['ZREMRANGEBYSCORE', PURGES_KEY, '-inf', String(purge.atMs - PURGES_KEPT_MS)]);
}
