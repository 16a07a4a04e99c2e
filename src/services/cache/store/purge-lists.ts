// Which answers a purge is meant for. Rule: what has a list of its own (a key, a URL, a tag, a host) is found by it; only patterns of hosts
// look at every host, and nothing but numbers of the answers of a host that was judged already.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { hash32 } from '../../balance/hash.ts';
import { readChain } from './chain-bytes.ts';
import { SLOT, SLOT_INTS, STATE } from './slot-fields.ts';
import { keyHash } from './slot-table.ts';
import type { StoreCore } from './store-core.ts';
import { HEADER } from './store-memory.ts';
import { unpackSlot } from './stored-answer.ts';

export type PurgeOrder =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'url'; readonly url: string }
  /** All URLs that begin so; scheme and authority included. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** `*` stands for anything, dots included. */
  | { readonly kind: 'host'; readonly pattern: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'all' };

/** Under the lock: the slots. */
export function slotsOf(core: StoreCore, order: PurgeOrder): number[] {
  switch (order.kind) {
    case 'key':
      return core.table
        .withHash(keyHash(order.key))
        .filter((slot) => unpackSlot(core.memory, core.table, slot).answer.key === order.key);
    case 'url':
      return core.memory.urls.with(hash32(order.url) | 0).filter((slot) => metaOf(core, slot).url === order.url);
    case 'prefix':
      return ofPrefix(core, order.prefix);
    case 'host':
      return ofHosts(core, order.pattern.toLowerCase());
    case 'tag':
      return core.memory.tags.with(order.tag);
    case 'all':
      break;
  }
  return all(core);
}

function ofPrefix(core: StoreCore, prefix: string): number[] {
  const host = wholeHost(prefix);
  const among = host === null ? all(core) : core.memory.hosts.with(hash32(host) | 0);
  const bytes = Buffer.from(prefix);
  return among.filter((slot) => beginsWith(core, slot, bytes));
}

/** By the bytes of the key, if the URL stands there. */
function beginsWith({ table, memory }: StoreCore, slot: number, prefix: Buffer): boolean {
  const { from, length } = table.urlInKey(slot);
  if (length === 0) return unpackSlot(memory, table, slot).answer.meta.url.startsWith(prefix.toString());
  if (length < prefix.length) return false;
  const url = Buffer.allocUnsafe(prefix.length);
  readChain(memory.arena, table.get(slot, SLOT.HEAD_FIRST), from, url);
  return url.equals(prefix);
}

/** The host of a prefix that goes beyond it, without the port and in lower case. */
function wholeHost(prefix: string): string | null {
  const found = /^[a-z]+:\/\/([^/?#]+)[/?]/i.exec(prefix)?.[1];
  return found === undefined ? null : found.replace(/:\d*$/, '').toLowerCase();
}

function ofHosts(core: StoreCore, pattern: string): number[] {
  const { hosts } = core.memory;
  if (!pattern.includes('*')) return hosts.with(hash32(pattern) | 0);
  const isMeant = hostMatcher(pattern);
  const judged = new Map<number, boolean>();
  const found: number[] = [];
  for (let head = 0; head < hosts.count; head += 1) {
    for (const slot of hosts.under(head)) {
      const hash = core.table.get(slot, SLOT.HOST);
      const verdict = judged.get(hash) ?? isMeant(metaOf(core, slot).host);
      judged.set(hash, verdict);
      if (verdict) found.push(slot);
    }
  }
  return found;
}

function hostMatcher(pattern: string): (host: string) => boolean {
  const text = pattern
    .split(/\*+/)
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const whole = new RegExp(`^${text}$`);
  return (host) => whole.test(host);
}

function all({ memory: { header, slots } }: StoreCore): number[] {
  const found: number[] = [];
  for (let slot = 0; slot < header[HEADER.SLOTS_USED]!; slot += 1) {
    if (slots[slot * SLOT_INTS + SLOT.STATE] === STATE.WHOLE) found.push(slot);
  }
  return found;
}

function metaOf(core: StoreCore, slot: number): { readonly url: string; readonly host: string } {
  return unpackSlot(core.memory, core.table, slot).answer.meta;
}
