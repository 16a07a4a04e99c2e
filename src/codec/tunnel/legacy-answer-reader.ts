// The answer of an app as a client of the generation 2.x passes it on: one message, in which the body is what came over the line. Rule: it
// is read as it comes, and what is given out is the body itself, whole or not at all.
import { Buffer } from 'node:buffer';
import { CHUNK, ChunkedReader } from '../http1/chunked.ts';
import { MsgpackCut, MsgpackError, MsgpackReader, type MsgpackRead } from '../msgpack/read-msgpack.ts';
import { LEGACY_LENGTH_BYTES } from './legacy-messages.ts';
import type { AnswerHead } from './messages.ts';

export interface LegacyAnswerSink {
  head(head: AnswerHead): void;
  /** Valid only during the call. */
  data(bytes: Buffer): void;
  end(): void;
  /** Nothing of this answer follows. */
  failed(why: string): void;
}

const MAX_HEAD_BYTES = 256 * 1024;
const LIMITS = { maxBodyBytes: Number.MAX_SAFE_INTEGER, maxChunkExtensionBytes: 4096 };
const CUT = 'the answer ended before it was complete';

type State = 'head' | 'body' | 'over';

interface Start {
  readonly head: AnswerHead;
  readonly bodyBytes: number;
  /** Where the body begins. */
  readonly at: number;
}

export class LegacyAnswerReader {
  readonly #sink: LegacyAnswerSink;
  readonly #chunks = new ChunkedReader(LIMITS);
  #state: State = 'over';
  #isHead = false;
  #parts: Buffer[] = [];
  #gathered = 0;
  #left = 0;
  #isChunked = false;
  /** The last chunk has come. */
  #isWhole = false;

  constructor(sink: LegacyAnswerSink) {
    this.#sink = sink;
  }

  /** The next message answers a request, for the head alone or for everything. */
  expect(isHead: boolean): void {
    this.#isHead = isHead;
    this.#state = 'head';
    this.#parts = [];
    this.#gathered = 0;
  }

  part(bytes: Buffer, from: number, to: number): void {
    if (this.#state === 'head') this.#takeHead(Buffer.from(bytes.subarray(from, to)));
    else if (this.#state === 'body') this.#takeBody(bytes.subarray(from, to));
  }

  /** The message has ended. */
  end(): void {
    if (this.#state === 'over') return;
    if (this.#state === 'head' || this.#left > 0 || (this.#isChunked && !this.#isWhole)) this.#fail(CUT);
    else {
      this.#state = 'over';
      this.#sink.end();
    }
  }

  #fail(why: string): void {
    this.#state = 'over';
    this.#parts = [];
    this.#sink.failed(why);
  }

  #takeHead(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#gathered += bytes.length;
    const gathered = Buffer.concat(this.#parts);
    this.#parts = [gathered];
    let start: Start | null = null;
    try {
      start = readStart(gathered);
    } catch (error) {
      if (!(error instanceof MsgpackError)) throw error;
      if (error instanceof MsgpackCut && this.#gathered <= MAX_HEAD_BYTES) return;
      this.#fail(`the answer cannot be read: ${error.message}`);
      return;
    }
    this.#parts = [];
    this.#begin(start);
    if (this.#state === 'body') this.#takeBody(gathered.subarray(start.at));
  }

  #begin({ head, bodyBytes }: Start): void {
    const { status, headers } = head;
    const lengths = valuesOf(headers, 'content-length');
    const isChunked = valuesOf(headers, 'transfer-encoding').some((value) => /chunked/i.test(value));
    const hasBody = !this.#isHead && status !== 204 && status !== 304;
    this.#left = bodyBytes;
    this.#isChunked = isChunked && hasBody;
    this.#isWhole = false;
    this.#chunks.reset();
    if (status === 500 && headers.length === 0 && bodyBytes === 0) this.#fail('the app closed the connection');
    else if (isChunked && lengths.length > 0) this.#fail('the answer has a length and chunks');
    else if (hasBody && lengths.some((each) => each !== String(bodyBytes))) this.#fail(CUT);
    else {
      this.#state = 'body';
      const isBare = hasBody && !isChunked && lengths.length === 0;
      this.#sink.head(isBare ? { ...head, headers: [...headers, ['Content-Length', String(bodyBytes)]] } : head);
    }
  }

  #takeBody(bytes: Buffer): void {
    if (bytes.length > this.#left) {
      this.#fail('something follows the answer');
      return;
    }
    this.#left -= bytes.length;
    if (this.#isChunked) this.#takeChunks(bytes);
    else if (bytes.length > 0) this.#sink.data(bytes);
  }

  #takeChunks(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#isWhole && this.#state === 'body') {
      at = this.#chunks.feed(bytes, at, bytes.length);
      const { outcome, dataFrom } = this.#chunks;
      if (outcome === CHUNK.DATA) this.#sink.data(bytes.subarray(dataFrom, at));
      else if (outcome === CHUNK.FAULT) this.#fail('the chunks of the answer are not valid');
      else if (outcome !== CHUNK.MORE) this.#isWhole = true;
    }
  }
}

/** Throws what is none, and MsgpackCut as long as it may become one. */
function readStart(bytes: Buffer): Start {
  if (bytes.length < LEGACY_LENGTH_BYTES) throw new MsgpackCut('its length is missing');
  const outer = new MsgpackReader(bytes, LEGACY_LENGTH_BYTES);
  const about = mapUpTo(outer, 'data');
  if (about.get('Type') !== 'Proxy') throw new MsgpackError('it is no answer');
  const dataBytes = outer.binaryLength();
  const inner = new MsgpackReader(bytes, outer.at);
  const answer = mapUpTo(inner, 'body');
  const bodyBytes = inner.binaryLength();
  const { at } = inner;
  const end = BigInt(at + bodyBytes);
  if (end !== BigInt(outer.at + dataBytes) || end - BigInt(LEGACY_LENGTH_BYTES) !== bytes.readBigUInt64BE(0))
    throw new MsgpackError('something follows its body');
  const status = answer.get('status');
  const head = { status: typeof status === 'number' ? status : 0, headers: pairs(answer.get('headers')) };
  return { head: { ...head, subprotocol: null }, bodyBytes, at };
}

/** What stands before the value of that key, which has to be the last one. */
function mapUpTo(reader: MsgpackReader, last: string): ReadonlyMap<string, MsgpackRead> {
  const found = new Map<string, MsgpackRead>();
  for (let left = reader.mapSize(); left > 0; left--) {
    const key = reader.value(0);
    if (key === last && left === 1) return found;
    if (typeof key !== 'string') throw new MsgpackError('a key is no text');
    found.set(key, reader.value(0));
  }
  throw new MsgpackError(`${last} does not come last`);
}

function pairs(map: MsgpackRead | undefined): [name: string, value: string][] {
  if (!(map instanceof Map)) return [];
  return [...(map as ReadonlyMap<string, MsgpackRead>)].flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
}

function valuesOf(headers: AnswerHead['headers'], name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value.trim());
}
