// The beginning of a TLS connection as a client sends it, read as far as the name of the server that it asks for (RFC 8446, 4.1.2;
// RFC 6066, 3). Rule: bytes may come in any portions, and the hello in any number of records; nothing is kept beyond a fixed size; and
// whatever two servers might read in two ways is a fault.
import { Buffer } from 'node:buffer';

export type ClientHelloState =
  | { readonly kind: 'reading' }
  /** It does not begin as TLS does. */
  | { readonly kind: 'not_tls' }
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'faulty'; readonly detail: string };

export interface ClientHello {
  /** As it was sent; null: it asks for no name. */
  readonly serverName: string | null;
  /** There is a hello within the hello, which only the server can read; what stands outside may name somebody else. */
  readonly hasEncryptedHello: boolean;
}

const RECORD = { CHANGE_CIPHER_SPEC: 20, ALERT: 21, HANDSHAKE: 22 } as const;
const CLIENT_HELLO = 1;
const MAJOR_VERSION = 3;
const RECORD_HEADER_BYTES = 5;
/** What encryption may add counts too. */
const MAX_RECORD_BYTES = 16_384 + 2048;
const HANDSHAKE_HEADER_BYTES = 4;
const VERSION_AND_RANDOM_BYTES = 34;

const EXTENSION = { SERVER_NAME: 0, ENCRYPTED_CLIENT_HELLO: 0xfe0d } as const;
const HOST_NAME = 0;

/** The largest that are seen have some 2 KiB; what is larger than this is meant to be too large for somebody. */
const MAX_BYTES = 32 * 1024;

const READING: ClientHelloState = { kind: 'reading' };
const NOT_TLS: ClientHelloState = { kind: 'not_tls' };

export class ClientHelloReader {
  state: ClientHelloState = READING;
  /** Of the record that is being read. */
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  #headerLength = 0;
  #recordLeft = 0;
  /** The handshake message, out of its records. */
  #message: Buffer = Buffer.alloc(512);
  #length = 0;
  #taken = 0;

  /** Takes bytes[from, to) as long as the state is `reading`. */
  feed(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to && this.state === READING) {
      at = this.#recordLeft === 0 ? this.#readHeader(bytes, at, to) : this.#readRecord(bytes, at, to);
    }
    this.#taken += at - from;
    if (this.state === READING && this.#taken > MAX_BYTES) this.#fail('it is too long');
  }

  #readHeader(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.#headerLength < RECORD_HEADER_BYTES) this.#header[this.#headerLength++] = bytes[at++]!;
    const [type = 0, version] = this.#header;
    const isRecord = type >= RECORD.CHANGE_CIPHER_SPEC && type <= RECORD.HANDSHAKE;
    if (!isRecord || (this.#headerLength > 1 && version !== MAJOR_VERSION)) {
      if (this.#length > 0) this.#fail('its records are broken');
      else this.state = NOT_TLS;
    } else if (this.#headerLength === RECORD_HEADER_BYTES) this.#beginRecord(type);
    return at;
  }

  /** Some servers put up with alerts before the hello: they are passed over. */
  #beginRecord(type: number): void {
    this.#headerLength = 0;
    this.#recordLeft = this.#header.readUInt16BE(3);
    if (this.#recordLeft > MAX_RECORD_BYTES) this.#fail('a record is too long');
    else if (type !== RECORD.HANDSHAKE && this.#length > 0) this.#fail('other records come in between');
  }

  #readRecord(bytes: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.#recordLeft);
    this.#recordLeft -= end - from;
    if (this.#header[0] === RECORD.HANDSHAKE) this.#take(bytes, from, end);
    return end;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > MAX_BYTES) {
      this.#fail('it is too long');
      return;
    }
    if (length > this.#message.length) this.#message = Buffer.concat([this.#message], Math.max(length, length * 2));
    this.#message.set(bytes.subarray(from, to), this.#length);
    this.#length = length;
    if (this.#message[0] !== CLIENT_HELLO) {
      this.#fail('the handshake begins with something else');
      return;
    }
    if (length < HANDSHAKE_HEADER_BYTES) return;
    const end = HANDSHAKE_HEADER_BYTES + this.#message.readUIntBE(1, 3);
    if (end > MAX_BYTES) this.#fail('it is too long');
    else if (length >= end) this.#finish(this.#message.subarray(HANDSHAKE_HEADER_BYTES, end));
  }

  #finish(body: Buffer): void {
    const hello = readHello(body);
    if (hello === null) this.#fail('its fields do not fit together');
    else this.state = { kind: 'hello', hello };
  }

  #fail(detail: string): void {
    this.state = { kind: 'faulty', detail };
  }
}

function readHello(body: Buffer): ClientHello | null {
  const fields = new Fields(body, 0, body.length);
  fields.pass(VERSION_AND_RANDOM_BYTES);
  for (const lengthBytes of [1, 2, 1]) fields.pass(fields.number(lengthBytes));
  if (fields.isAtEnd) return { serverName: null, hasEncryptedHello: false };
  const extensions = fields.inner(2);
  let names: Fields | null = null;
  let hasEncryptedHello = false;
  while (extensions.hasMore && fields.isAtEnd) {
    const type = extensions.number(2);
    const data = extensions.inner(2);
    if (type === EXTENSION.ENCRYPTED_CLIENT_HELLO) hasEncryptedHello = true;
    if (type !== EXTENSION.SERVER_NAME) continue;
    if (names !== null) return null;
    names = data;
  }
  if (!extensions.isAtEnd || !fields.isAtEnd) return null;
  if (names === null) return { serverName: null, hasEncryptedHello };
  const serverName = readServerName(names);
  return serverName === null ? null : { serverName, hasEncryptedHello };
}

/** There may be one name of each kind, and only one kind was ever defined. */
function readServerName(names: Fields): string | null {
  const list = names.inner(2);
  const type = list.number(1);
  const name = list.inner(2);
  const isWhole = type === HOST_NAME && name.hasMore && list.isAtEnd && names.isAtEnd;
  return isWhole ? name.text() : null;
}

/** Numbers and parts with a length before them. What reaches beyond the end makes it faulty for good, and reads as nothing. */
class Fields {
  readonly #bytes: Buffer;
  readonly #to: number;
  #at: number;
  #isFaulty = false;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  get hasMore(): boolean {
    return !this.#isFaulty && this.#at < this.#to;
  }

  /** Everything was read, and nothing beyond it. */
  get isAtEnd(): boolean {
    return !this.#isFaulty && this.#at === this.#to;
  }

  number(lengthBytes: number): number {
    const at = this.#at;
    return this.pass(lengthBytes) ? this.#bytes.readUIntBE(at, lengthBytes) : 0;
  }

  inner(lengthBytes: number): Fields {
    const length = this.number(lengthBytes);
    const from = this.#at;
    const isThere = this.pass(length);
    return new Fields(this.#bytes, from, isThere ? from + length : from);
  }

  pass(count: number): boolean {
    if (this.#isFaulty || count > this.#to - this.#at) this.#isFaulty = true;
    else this.#at += count;
    return !this.#isFaulty;
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at, this.#to);
  }
}
