// Picks a few values out of a JSON text that comes in pieces of any size, without reading the rest of it. Rule: it keeps the bytes of
// those values only, up to a bound; of a text that is no JSON it picks something or nothing, and never fails.
import { Buffer } from 'node:buffer';

interface Node {
  readonly path: string;
  readonly isWanted: boolean;
  readonly below: ReadonlyMap<string, Node>;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** A key that is longer is none that anybody asks for. */
const MAX_KEY_BYTES = 128;
const MAX_VALUE_BYTES = 16 * 1024;

/** What is asked for, made ready once: keys joined by dots, none of which stands below another. */
export class PickedPaths {
  readonly root: Node;

  constructor(paths: readonly string[]) {
    this.root = nodeOf('', paths);
  }
}

function nodeOf(path: string, wanted: readonly string[]): Node {
  const start = path === '' ? '' : `${path}.`;
  const within = wanted.filter((each) => each.startsWith(start));
  const keys = new Set(within.map((each) => each.slice(start.length).split('.')[0]!));
  const below = new Map([...keys].map((key) => [key, nodeOf(start + key, within)] as const));
  return { path, isWanted: wanted.includes(path), below: wanted.includes(path) ? new Map() : below };
}

export class PickedValues {
  private readonly root: Node;
  /** The objects around this place, as far as something is wanted within them. */
  private readonly objects: Node[] = [];
  /** How deep this place is within what nobody wants. */
  private depth = 0;
  /** What the value that comes next is; null: nothing that anybody wants. */
  private next: Node | null;
  private isKeyNext = false;
  private inString = false;
  private isEscaped = false;
  private inKey = false;
  private readonly key = Buffer.alloc(MAX_KEY_BYTES);
  private keyBytes = 0;
  /** The value that is being kept. */
  private kept: Node | null = null;
  private parts: Buffer[] = [];
  private keptBytes = 0;
  private readonly values = new Map<string, unknown>();
  /** What has stood there, and what more than once. */
  private readonly picked = new Set<string>();
  private readonly repeated = new Set<string>();

  constructor({ root }: PickedPaths) {
    this.root = root;
    this.next = root;
  }

  /** undefined: it was not there. */
  get(path: string): unknown {
    return this.values.get(path);
  }

  /** Readers differ about which of several values under one key counts; here it is the last. */
  isRepeated(path: string): boolean {
    return this.repeated.has(path);
  }

  /** Another text follows. */
  reset(): void {
    this.objects.length = 0;
    this.depth = 0;
    this.next = this.root;
    this.isKeyNext = false;
    this.inString = false;
    this.isEscaped = false;
    this.inKey = false;
    this.letGo();
    this.values.clear();
    this.picked.clear();
    this.repeated.clear();
  }

  take(bytes: Uint8Array, start: number, to: number): void {
    let from = start;
    for (let at = start; at < to; at += 1) {
      if (this.inString) {
        at = this.passString(bytes, at, to);
        continue;
      }
      const byte = bytes[at]!;
      if (this.kept !== null && this.depth === 0 && (byte === COMMA || byte === CLOSE_OBJECT)) {
        this.keep(bytes, from, at);
        this.pick();
      }
      this.takeMark(byte);
      if (byte === COLON && this.depth === 0) from = at + 1;
    }
    if (this.kept !== null) this.keep(bytes, from, to);
  }

  /** Where the last byte of it stands that has come. */
  private passString(bytes: Uint8Array, start: number, to: number): number {
    let at = start;
    for (; at < to; at += 1) {
      const byte = bytes[at]!;
      if (this.isEscaped) this.isEscaped = false;
      else if (byte === BACKSLASH) this.isEscaped = true;
      else if (byte === QUOTE) break;
    }
    if (this.inKey) this.keepKey(bytes, start, at);
    if (at < to) {
      this.inString = false;
      this.inKey = false;
    }
    return at;
  }

  private takeMark(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.beginString();
        break;
      case OPEN_OBJECT:
        this.enterObject();
        break;
      case OPEN_LIST:
        this.depth += 1;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        this.leave();
        break;
      case COMMA:
        if (this.depth === 0) this.expectKey();
        break;
      case COLON:
        if (this.depth === 0 && this.isKeyNext) this.beginValue();
        break;
      default:
    }
  }

  private beginString(): void {
    this.inString = true;
    this.inKey = this.depth === 0 && this.isKeyNext;
    if (this.inKey) this.keyBytes = 0;
  }

  private keepKey(bytes: Uint8Array, from: number, to: number): void {
    const taken = Math.min(to - from, MAX_KEY_BYTES - this.keyBytes);
    this.key.set(bytes.subarray(from, from + taken), this.keyBytes);
    this.keyBytes += to - from;
  }

  private enterObject(): void {
    if (this.depth > 0 || this.next === null || this.next.isWanted) {
      this.depth += 1;
      return;
    }
    this.objects.push(this.next);
    this.expectKey();
  }

  private leave(): void {
    if (this.depth > 0) this.depth -= 1;
    else this.objects.pop();
  }

  private expectKey(): void {
    this.isKeyNext = true;
    this.next = null;
  }

  private beginValue(): void {
    this.isKeyNext = false;
    this.next = this.objects.at(-1)?.below.get(this.keyText()) ?? null;
    if (this.next !== null && this.next.isWanted) this.kept = this.next;
  }

  private keyText(): string {
    if (this.keyBytes > MAX_KEY_BYTES) return '';
    const text = this.key.toString('utf8', 0, this.keyBytes);
    return text.includes('\\') ? unescaped(text) : text;
  }

  private keep(bytes: Uint8Array, from: number, to: number): void {
    this.keptBytes += to - from;
    if (this.keptBytes <= MAX_VALUE_BYTES) this.parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  private pick(): void {
    const { kept, parts, keptBytes } = this;
    this.letGo();
    if (kept === null) return;
    if (this.picked.has(kept.path)) this.repeated.add(kept.path);
    this.picked.add(kept.path);
    if (keptBytes > MAX_VALUE_BYTES) return;
    try {
      this.values.set(kept.path, JSON.parse(Buffer.concat(parts).toString()));
    } catch {
      // What is no JSON is not there.
    }
  }

  private letGo(): void {
    this.kept = null;
    this.parts = [];
    this.keptBytes = 0;
  }
}

/** Any character may be written so, also those that need not be. */
function unescaped(key: string): string {
  try {
    return String(JSON.parse(`"${key}"`));
  } catch {
    return key;
  }
}
