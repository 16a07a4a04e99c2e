// Writes what is known of an answer into its slot. Rule: all of it under the lock; a slot gets its new head whole or keeps the one that it has.
import { hash32 } from '../../balance/hash.ts';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { writeChain } from './chain-bytes.ts';
import { headBytes } from './head-bytes.ts';
import { QUEUE, SLOT, SLOT_FLAG, STATE } from './slot-fields.ts';
import { keyHash, type SlotTable } from './slot-table.ts';
import type { StoreCore } from './store-core.ts';
import { type CopyEncoding, ENCODINGS, unpackSlot } from './stored-answer.ts';

/** Of one key; the oldest go. */
const MOST_VARIANTS = 64;
const NO_TRAILERS: readonly FieldLine[] = [];
const DECLARED_SPAN = 2 ** 30;

export interface HeadToWrite {
  readonly key: string;
  readonly meta: AnswerMeta;
  readonly trailers?: readonly FieldLine[];
  readonly encoding?: CopyEncoding;
  readonly copyOf?: number;
}

/** False: there is no room. */
export function writeHead(core: StoreCore, slot: number, head: HeadToWrite): boolean {
  const { table, counters } = core;
  const { key, meta, encoding = '' } = head;
  table.set(slot, SLOT.ENCODING, ENCODINGS.indexOf(encoding));
  if (!writeText(core, slot, head)) return false;
  if (!writeTags(core, slot, meta.tags)) return false;
  const { one, two } = keyHash(key);
  table.set(slot, SLOT.HASH, one);
  table.set(slot, SLOT.HASH_TWO, two);
  table.set(slot, SLOT.URL, hash32(meta.url) | 0);
  table.set(slot, SLOT.HOST, hostHash(meta.host));
  table.set(slot, SLOT.VARIANT, variantHash(meta, encoding));
  table.set(slot, SLOT.ROUTE, counters.idOf(meta.route));
  return true;
}

/** Answers that come one after the other are of one host as a rule. */
let lastHost = '';
let lastHostHash = hash32('') | 0;

function hostHash(host: string): number {
  if (host === lastHost) return lastHostHash;
  lastHost = host;
  lastHostHash = hash32(host) | 0;
  return lastHostHash;
}

const ONLY_VARIANT = hash32('\n\n') | 0;

function variantHash({ varyNames, varyKey }: AnswerMeta, encoding: string): number {
  if (varyNames.length === 0 && varyKey === '' && encoding === '') return ONLY_VARIANT;
  return hash32(`${varyNames.join(',')}\n${varyKey}\n${encoding}`) | 0;
}

/** Known only when the body has come. */
export function writeTrailers(core: StoreCore, slot: number, head: HeadToWrite): boolean {
  return writeText(core, slot, head);
}

/** What the slot's answer takes the place of: the same variant of the same key. */
export function dropVariant(core: StoreCore, slot: number): void {
  const { table } = core;
  const hash = { one: table.get(slot, SLOT.HASH), two: table.get(slot, SLOT.HASH_TWO) };
  if (core.memory.buckets[table.bucketOf(hash.one)] === 0) return;
  const others = table.withHash(hash);
  const dropped: number[] = [];
  for (const [index, other] of others.entries()) {
    const isSame = table.get(other, SLOT.VARIANT) === table.get(slot, SLOT.VARIANT);
    if (!isSame && index < MOST_VARIANTS - 1) continue;
    dropped.push(table.get(other, SLOT.SERIAL));
    table.drop(other);
  }
  if (dropped.length > 0 && table.encoding(slot) === 0) dropCopies(core, others, dropped);
}

/** Those of answers that are gone. */
function dropCopies({ table, memory }: StoreCore, slots: readonly number[], gone: readonly number[]): void {
  for (const slot of slots) {
    if (table.encoding(slot) === 0 || table.state(slot) !== STATE.WHOLE) continue;
    if (gone.includes(unpackSlot(memory, table, slot).copyOf)) table.drop(slot);
  }
}

/** Whether the same variant of the same key is found already. */
export function hasVariant({ table }: StoreCore, slot: number): boolean {
  const hash = { one: table.get(slot, SLOT.HASH), two: table.get(slot, SLOT.HASH_TWO) };
  return table.withHash(hash).some((other) => table.get(other, SLOT.VARIANT) === table.get(slot, SLOT.VARIANT));
}

/** It comes to be found, though its body is in a file. */
export function enterOnDisk(core: StoreCore, slot: number): void {
  core.table.set(slot, SLOT.UNITS, unitsOf(core, slot));
  core.table.enter(slot);
  core.memory.queues.put(slot, QUEUE.DISK);
}

/** Its body is here from now on, or no more. */
export function moveBody(core: StoreCore, slot: number, isHere: boolean): void {
  const { table, memory } = core;
  const flags = table.get(slot, SLOT.FLAGS);
  memory.queues.remove(slot);
  table.set(slot, SLOT.FLAGS, isHere ? flags & ~SLOT_FLAG.ON_DISK : flags | SLOT_FLAG.ON_DISK);
  table.set(slot, SLOT.UNITS, unitsOf(core, slot));
  table.set(slot, SLOT.ASKED, 0);
  memory.queues.put(slot, isHere ? QUEUE.MAIN : QUEUE.DISK);
  table.changed(table.bucketOf(table.get(slot, SLOT.HASH)));
}

/** How long a body is to become, while it is on its way and in no queue; -1: nobody knows. */
export function setDeclared(table: SlotTable, slot: number, bodyLength: number): void {
  table.set(slot, SLOT.QUEUE_NEXT, (bodyLength + 1) % DECLARED_SPAN);
  table.set(slot, SLOT.QUEUE_BEFORE, Math.floor((bodyLength + 1) / DECLARED_SPAN));
}

export function declaredLength(table: SlotTable, slot: number): number {
  return table.get(slot, SLOT.QUEUE_NEXT) + table.get(slot, SLOT.QUEUE_BEFORE) * DECLARED_SPAN - 1;
}

/** The file that it goes into, while it is on its way and in no list. */
export function setSpooled(table: SlotTable, slot: number, file: number): void {
  table.set(slot, SLOT.URL_NEXT, file);
  table.set(slot, SLOT.FLAGS, table.get(slot, SLOT.FLAGS) | SLOT_FLAG.SPOOLED);
}

export function spooledFile(table: SlotTable, slot: number): number {
  return table.get(slot, SLOT.URL_NEXT);
}

/** How many pieces of it can be read there; all are full but that at the end. */
export function setFlushedPieces(table: SlotTable, slot: number, pieces: number): void {
  table.store(slot, SLOT.HOST_NEXT, pieces);
}

export function flushedPieces(table: SlotTable, slot: number): number {
  return table.load(slot, SLOT.HOST_NEXT);
}

/** It comes to be found, and may have to go from now on. */
export function enterSlot(core: StoreCore, slot: number): void {
  core.table.set(slot, SLOT.UNITS, unitsOf(core, slot));
  core.table.enter(slot);
  core.memory.queues.add(slot);
}

/** Of a slot that is found: it takes its place in all lists anew. False: there was no room, and it is dropped. */
export function rewriteHead(core: StoreCore, slot: number, head: HeadToWrite): boolean {
  const { table, memory } = core;
  const queue = table.get(slot, SLOT.QUEUE);
  const asked = table.get(slot, SLOT.ASKED);
  // Room is not made by dropping it.
  memory.queues.remove(slot);
  table.forgetTags(slot);
  memory.urls.remove(slot);
  memory.hosts.remove(slot);
  const isWritten = writeHead(core, slot, head);
  memory.urls.add(slot, table.get(slot, SLOT.URL));
  memory.hosts.add(slot, table.get(slot, SLOT.HOST));
  table.set(slot, SLOT.UNITS, unitsOf(core, slot));
  memory.queues.put(slot, queue);
  table.set(slot, SLOT.ASKED, asked);
  if (isWritten) table.changed(table.bucketOf(table.get(slot, SLOT.HASH)));
  else table.drop(slot);
  return isWritten;
}

function unitsOf({ table, memory: { arena } }: StoreCore, slot: number): number {
  return (
    1 +
    arena.unitsOf(table.get(slot, SLOT.HEAD_FIRST)) +
    arena.unitsOf(table.get(slot, SLOT.BODY_FIRST)) +
    arena.unitsOf(table.get(slot, SLOT.TAGS))
  );
}

function writeText(core: StoreCore, slot: number, head: HeadToWrite): boolean {
  const { table, memory } = core;
  const { key, meta, trailers = NO_TRAILERS, copyOf = 0 } = head;
  const packed = headBytes({ key, meta, trailers, copyOf });
  const { bytes, keyLength, metaLength, linesLength, urlFrom, urlLength } = packed;
  if (!table.setKey(slot, keyLength, urlLength === 0 ? null : { from: urlFrom, length: urlLength })) return false;
  const length = keyLength + metaLength + linesLength;
  const chain = core.takeChain(length);
  if (chain === 0) return false;
  writeChain(memory.arena, chain, 0, bytes.subarray(0, length));
  const before = table.get(slot, SLOT.HEAD_FIRST);
  if (before !== 0) memory.arena.give(before);
  table.set(slot, SLOT.HEAD_FIRST, chain);
  table.set(slot, SLOT.META_LENGTH, metaLength);
  table.set(slot, SLOT.LINES_LENGTH, linesLength);
  return true;
}

function writeTags(core: StoreCore, slot: number, tags: readonly string[]): boolean {
  const { table, memory } = core;
  table.forgetTags(slot);
  if (tags.length === 0) return true;
  const chain = core.takeChain(memory.tags.bytesFor(tags.length));
  if (chain === 0) return false;
  memory.tags.add(slot, chain, tags);
  table.set(slot, SLOT.TAGS, chain);
  return true;
}
