// An answer as it lies in the memory of the cache, and as a thread sees it. Rule: what a thread sees is a copy of its own of everything but
// a large body, taken under the lock: whole, and unchanged whatever happens to the memory.

/* oxlint-disable typescript/no-non-null-assertion -- what is written here is read here. */
import { type AnswerMeta, answerFlags, type FieldLine } from '../answer-meta.ts';
import { readChain } from './chain-bytes.ts';
import { isPlainMeta, readPlain } from './head-bytes.ts';
import { packMeta, type PackedMeta, unpackMeta } from './packed-meta.ts';
import { SLOT, SLOT_FLAG, SLOT_INTS } from './slot-fields.ts';
import type { SlotTable } from './slot-table.ts';
import type { StoreMemory } from './store-memory.ts';

/** The body of a larger one is read from where it lies, unless it is asked for again and again. */
const MOST_READY_BYTES = 16_384;
const ASKED_AGAIN = 2;

/** In what a body is encoded by us; empty: it is as it came. */
export const ENCODINGS = ['', 'gzip', 'br', 'zstd', 'deflate'] as const;
export type CopyEncoding = (typeof ENCODINGS)[number];

export interface StoredAnswer {
  readonly key: string;
  readonly meta: AnswerMeta;
  readonly bodyLength: number;
  /** The fields of `meta` as lines, the empty line, and the body, unless it is large. The status line and what changes from hit to hit go before it. */
  readonly ready: Uint8Array;
  /** Where the body begins in `ready`, if `hasBody`; the body of others is read with `open`. */
  readonly bodyFrom: number;
  readonly hasBody: boolean;
  readonly trailers: readonly FieldLine[];
  readonly encoding: CopyEncoding;
  /** The same answer in other encodings; their meta holds for nothing but their fields. */
  readonly copies: readonly StoredAnswer[];
  /** Where the store has it. */
  readonly slot: number;
  readonly generation: number;
  readonly serial: number;
}

/** What is kept of an answer beside the body, as bytes: the key, the meta, the lines. */
export interface PackedHead {
  readonly key: Uint8Array;
  readonly meta: Uint8Array;
  readonly lines: Uint8Array;
}

/** What stands in the meta beside it. */
interface PackedRest {
  readonly trailers?: readonly FieldLine[];
  /** The serial of the answer that this one is a copy of. */
  readonly copyOf?: number;
}

/** Behind what `packMeta` writes. */
const REST_AT = 13;
type Packed = readonly (PackedRest | undefined)[];

export interface HeadParts {
  readonly key: string;
  readonly meta: AnswerMeta;
  readonly trailers: readonly FieldLine[];
  readonly copyOf: number;
}

/** As it stands in a file. */
export function packHead({ key, meta, trailers, copyOf }: HeadParts): PackedHead {
  const rest: PackedRest = { ...(trailers.length > 0 && { trailers }), ...(copyOf !== 0 && { copyOf }) };
  const hasRest = trailers.length > 0 || copyOf !== 0;
  let lines = '';
  for (const [name, value] of meta.fields) lines += `${name}: ${value}\r\n`;
  return {
    key: Buffer.from(key),
    meta: Buffer.from(JSON.stringify(hasRest ? [...packMeta(key, meta), rest] : packMeta(key, meta))),
    lines: Buffer.from(`${lines}\r\n`, 'latin1'),
  };
}

export interface Unpacked {
  readonly answer: Omit<StoredAnswer, 'copies'>;
  readonly copyOf: number;
}

/** A thread has a copy of its own of that body. `most`: of one that is asked for again and again. */
export function liesReady(slots: Int32Array, slot: number, bodyLength: number, most: number): boolean {
  const at = slot * SLOT_INTS;
  if ((slots[at + SLOT.FLAGS]! & SLOT_FLAG.ON_DISK) !== 0) return false;
  return bodyLength <= MOST_READY_BYTES || (bodyLength <= most && slots[at + SLOT.ASKED]! >= ASKED_AGAIN);
}

/** Called under the lock. */
export function unpackSlot(memory: StoreMemory, table: SlotTable, slot: number, mostReady = 0): Unpacked {
  const keyLength = table.keyLength(slot);
  const metaLength = table.get(slot, SLOT.META_LENGTH);
  const linesLength = table.get(slot, SLOT.LINES_LENGTH);
  const head = Buffer.allocUnsafe(keyLength + metaLength);
  const bodyLength = table.bodyLength(slot);
  const hasBody = liesReady(memory.slots, slot, bodyLength, mostReady);
  const ready = Buffer.allocUnsafeSlow(linesLength + (hasBody ? bodyLength : 0));
  readChain(memory.arena, table.get(slot, SLOT.HEAD_FIRST), 0, head);
  const first = table.get(slot, SLOT.HEAD_FIRST);
  readChain(memory.arena, first, keyLength + metaLength, ready.subarray(0, linesLength));
  if (hasBody) readChain(memory.arena, table.get(slot, SLOT.BODY_FIRST), 0, ready.subarray(linesLength));
  const key = head.toString('utf8', 0, keyLength);
  const { meta, rest } = metaOf(key, head.subarray(keyLength), linesOf(ready.toString('latin1', 0, linesLength)));
  const serial = table.get(slot, SLOT.SERIAL);
  const isSoft = (table.get(slot, SLOT.FLAGS) & SLOT_FLAG.SOFT) !== 0;
  return {
    copyOf: rest.copyOf ?? 0,
    answer: {
      key,
      meta: isSoft ? { ...meta, flags: meta.flags | answerFlags.purged } : meta,
      bodyLength,
      ready,
      bodyFrom: linesLength,
      hasBody,
      trailers: rest.trailers ?? [],
      encoding: ENCODINGS[table.encoding(slot)]!,
      slot,
      generation: table.get(slot, SLOT.GENERATION),
      serial,
    },
  };
}

/** `head`: what `headBytes` has made of the meta. */
function metaOf(key: string, head: Buffer, fields: readonly FieldLine[]): { meta: AnswerMeta; rest: PackedRest } {
  if (isPlainMeta(head)) return { meta: readPlain(key, head, fields), rest: {} };
  const packed = JSON.parse(head.toString()) as Packed;
  return { meta: unpackMeta(key, packed as unknown as PackedMeta, fields), rest: packed[REST_AT] ?? {} };
}

/** What a file says of its answer. */
export function unpackHead({ key, meta, lines }: PackedHead): Pick<HeadParts, 'key' | 'meta' | 'trailers'> {
  const packed = JSON.parse(Buffer.from(meta).toString()) as Packed;
  const fields = linesOf(Buffer.from(lines).toString('latin1'));
  const text = Buffer.from(key).toString();
  return {
    key: text,
    meta: unpackMeta(text, packed as unknown as PackedMeta, fields),
    trailers: packed[REST_AT]?.trailers ?? [],
  };
}

function linesOf(text: string): FieldLine[] {
  const lines = text.split('\r\n');
  lines.length -= 2;
  return lines.map((line): FieldLine => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}
