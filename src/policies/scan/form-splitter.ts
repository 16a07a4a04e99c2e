// Finds the files in a form (multipart, RFC 7578) as it passes. Rule: what servers may read in different ways is said to be
// ambiguous, never guessed: else a file could be shown to the scanner in one way and to the server in another.
import { Buffer } from 'node:buffer';

export interface FormParts {
  fileBegins(): void;
  /** The bytes stay as they are. */
  fileBytes(bytes: Buffer, from: number, to: number): void;
  fileEnds(): void;
  /** Nothing follows. */
  ambiguous(): void;
}

const CR = 13;
const LF = 10;
const HEAD_END = Buffer.from('\r\n\r\n');
/** A field has a name and nothing else; it is seen with the body as a whole. */
const FILE = /filename|content-type/i;
/** Longer heads of parts, and longer ends of the lines between them, are nobody's. */
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_LINE_BYTES = 200;
const MAX_BOUNDARY = 200;

/** What stands between the parts, by the type of a body; null: it has no parts. */
export function boundaryOf(type: string): string | null {
  if (!/^\s*multipart\//i.test(type)) return null;
  const found = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(type);
  const boundary = found?.[1]?.replaceAll(/\\(.)/g, '$1') ?? found?.[2] ?? '';
  return boundary === '' || boundary.length > MAX_BOUNDARY ? null : boundary;
}

type State = 'between' | 'line' | 'head' | 'field' | 'file' | 'over';

export class FormSplitter {
  readonly #parts: FormParts;
  readonly #delimiter: Buffer;
  #state: State = 'between';
  /** What has come and cannot be judged yet. The first delimiter needs no line before it. */
  #rest: Buffer = Buffer.from('\r\n');

  constructor(boundary: string, parts: FormParts) {
    this.#parts = parts;
    this.#delimiter = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  write(bytes: Buffer, from: number, to: number): void {
    if (this.#state === 'over') return;
    const all = Buffer.concat([this.#rest, bytes.subarray(from, to)]);
    let at = 0;
    for (let next = 0; next >= 0; next = this.#step(all, at)) at = next;
    this.#rest = Buffer.from(all.subarray(this.#leftAt(all, at)));
  }

  /** The body is complete, with or without its last delimiter. */
  end(): void {
    // A head that has not ended may be no head to somebody.
    if (this.#state === 'head') this.#parts.fileBegins();
    if (this.#state === 'head' || this.#state === 'file') {
      this.#parts.fileBytes(this.#rest, 0, this.#rest.length);
      this.#parts.fileEnds();
    }
    this.#state = 'over';
  }

  /** Where to go on; -1: more is needed, or nothing follows. */
  #step(all: Buffer, at: number): number {
    if (this.#state === 'line') return this.#readLine(all, at);
    if (this.#state === 'head') return this.#readHead(all, at);
    return this.#state === 'over' ? -1 : this.#readContent(all, at);
  }

  /** Of a part, or of what stands before the first. */
  #readContent(all: Buffer, at: number): number {
    const found = all.indexOf(this.#delimiter, at);
    if (found < 0) {
      this.#giveContent(all, at, this.#leftAt(all, at));
      return -1;
    }
    if (all[found - 1] !== CR) return this.#giveUp();
    this.#giveContent(all, at, found - 1);
    if (this.#state === 'file') this.#parts.fileEnds();
    this.#state = 'line';
    return found + this.#delimiter.length;
  }

  /** Behind a delimiter: the rest of its line, which is empty, or says that there are no more parts. */
  #readLine(all: Buffer, at: number): number {
    if (all.length - at < 2) return -1;
    if (all.toString('latin1', at, at + 2) === '--') {
      this.#state = 'over';
      return -1;
    }
    const end = all.indexOf(LF, at);
    if ((end < 0 ? all.length : end) - at > MAX_LINE_BYTES) return this.#giveUp();
    if (end < 0) return -1;
    if (!/^[ \t]*\r$/.test(all.toString('latin1', at, end))) return this.#giveUp();
    this.#state = 'head';
    return end - 1;
  }

  /** Begins with the end of the line before, since there may be no field at all. */
  #readHead(all: Buffer, at: number): number {
    const found = all.indexOf(HEAD_END, at);
    if ((found < 0 ? all.length : found) - at > MAX_HEAD_BYTES) return this.#giveUp();
    if (found < 0) return -1;
    const content = found + HEAD_END.length;
    const size = this.#delimiter.length - 1;
    if (all.length - content < size) return -1;
    const head = all.toString('latin1', at, found);
    // Whether a delimiter counts before the part has begun is a matter of taste, and so are bare ends of lines.
    const isCrossed = all.indexOf(this.#delimiter, at) < found && all.includes(this.#delimiter, at);
    const isEmpty = all.subarray(content, content + size).equals(this.#delimiter.subarray(1));
    if (isCrossed || isEmpty || /(?:^|[^\r])\n|\r(?!\n)/.test(head)) return this.#giveUp();
    this.#state = FILE.test(head) ? 'file' : 'field';
    if (this.#state === 'file') this.#parts.fileBegins();
    return content;
  }

  #giveContent(all: Buffer, from: number, to: number): void {
    if (this.#state === 'file' && to > from) this.#parts.fileBytes(all, from, to);
  }

  /** The beginning of a delimiter may be at the end of what has come, with the end of a line before it. */
  #leftAt(all: Buffer, at: number): number {
    const isContent = this.#state === 'between' || this.#state === 'field' || this.#state === 'file';
    return isContent ? Math.max(at, all.length - this.#delimiter.length) : at;
  }

  #giveUp(): number {
    this.#state = 'over';
    this.#parts.ambiguous();
    return -1;
  }
}
