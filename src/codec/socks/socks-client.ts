// The client's side of a SOCKS handshake as one machine for both versions: bytes of the server in, bytes for the server out,
// and at the end one result. Rule: it reads exactly up to the end of the server's last message; the rest is the tunnel's.
import { Buffer } from 'node:buffer';
import { parseIp } from '../../core/ip.ts';
import { Gathering } from './gathering.ts';
import {
  ADDRESS,
  COMMAND,
  countedWord,
  MAX_WORD_BYTES,
  METHOD,
  REPLY,
  SOCKS4,
  SOCKS4_REPLY,
  SOCKS5,
  socks5Address,
  type SocksDestination,
} from './socks-words.ts';

export type SocksResult =
  | { readonly kind: 'connected' }
  /** `reply` is one of REPLY, for SOCKS4 as well. */
  | { readonly kind: 'refused'; readonly reply: number }
  /** The server wants to know who we are, and what we offered does not satisfy it. */
  | { readonly kind: 'no_method' }
  | { readonly kind: 'auth_failed' }
  /** What the server sent is not SOCKS; `detail` ends a sentence. */
  | { readonly kind: 'invalid'; readonly detail: string };

export interface SocksLogin {
  readonly username: string;
  readonly password: string;
  /** Do not let the server choose to do without. */
  readonly isRequired: boolean;
}

const CONNECTED: SocksResult = { kind: 'connected' };

/** The longest message of a server: a reply with a bound name. */
const MAX_MESSAGE_BYTES = 7 + MAX_WORD_BYTES;

export interface SocksClient {
  /** Null while the handshake goes on. */
  readonly result: SocksResult | null;
  /** What is to be sent next, null = nothing; to be asked for at the start and after every feed(). */
  takeOutput(): Buffer | null;
  /** Takes bytes[from, to) and returns where it stopped: behind the last message once there is a result. */
  feed(bytes: Buffer, from: number, to: number): number;
}

/** Throws a RangeError for a name, user or password that the protocol cannot carry. */
export class Socks5Client implements SocksClient {
  result: SocksResult | null = null;
  readonly #request: Buffer;
  readonly #login: Buffer | null;
  readonly #methods: readonly number[];
  readonly #held = new Gathering(MAX_MESSAGE_BYTES);
  #step: 'method' | 'login' | 'reply' = 'method';
  #output: Buffer | null;

  constructor(destination: SocksDestination, login: SocksLogin | null) {
    this.#request = Buffer.concat([Buffer.of(SOCKS5, COMMAND.CONNECT, 0), socks5Address(destination)]);
    this.#login =
      login === null ? null : Buffer.concat([Buffer.of(1), countedWord(login.username), countedWord(login.password)]);
    this.#methods = offeredMethods(login);
    this.#output = Buffer.of(SOCKS5, this.#methods.length, ...this.#methods);
  }

  /** The server knows where to connect to, or is about to hear it. */
  get hasAsked(): boolean {
    return this.#step === 'reply';
  }

  takeOutput(): Buffer | null {
    const output = this.#output;
    this.#output = null;
    return output;
  }

  feed(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (this.result === null) {
      const wanted = this.#wanted();
      at = this.#held.fill(wanted, bytes, at, to);
      if (this.#held.length < wanted) return at;
      if (wanted === this.#wanted()) this.#take();
    }
    return at;
  }

  /** How many bytes the message has, as far as its beginning tells. */
  #wanted(): number {
    const { bytes, length } = this.#held;
    if (this.#step !== 'reply' || length < 2) return 2;
    // A server that refuses may leave the rest of its reply away.
    if (bytes[0] !== SOCKS5 || bytes[1] !== REPLY.SUCCEEDED) return 2;
    if (length < 5) return 5;
    if (bytes[3] === ADDRESS.IPV4) return 10;
    if (bytes[3] === ADDRESS.IPV6) return 22;
    return bytes[3] === ADDRESS.NAME ? 7 + bytes[4]! : 5;
  }

  #take(): void {
    const { bytes } = this.#held;
    const [first = 0, second = 0] = bytes;
    if (this.#step === 'method') this.#takeMethod(first, second);
    else if (this.#step === 'login') this.#takeVerdict(first, second);
    else this.#takeReply(first, second, bytes[3]!);
    this.#held.clear();
  }

  #takeMethod(version: number, method: number): void {
    if (version !== SOCKS5) this.#refuse('it does not speak SOCKS5');
    else if (method === METHOD.NO_ACCEPTABLE) this.result = { kind: 'no_method' };
    else if (!this.#methods.includes(method)) this.#refuse('it chose a method that was not offered');
    else if (method === METHOD.PASSWORD) this.#go('login', this.#login);
    else this.#go('reply', this.#request);
  }

  /** The version is 1 (RFC 1929); there are servers that say 5. */
  #takeVerdict(version: number, status: number): void {
    if (version !== 1 && version !== SOCKS5) this.#refuse('its answer to user name and password is malformed');
    else if (status !== 0) this.result = { kind: 'auth_failed' };
    else this.#go('reply', this.#request);
  }

  #takeReply(version: number, reply: number, addressType: number): void {
    if (version !== SOCKS5) this.#refuse('its reply is malformed');
    else if (reply !== REPLY.SUCCEEDED) this.result = { kind: 'refused', reply };
    else if (addressType !== ADDRESS.IPV4 && addressType !== ADDRESS.IPV6 && addressType !== ADDRESS.NAME) {
      this.#refuse('its reply holds an address of an unknown type');
    } else this.result = CONNECTED;
  }

  #go(step: 'login' | 'reply', output: Buffer | null): void {
    this.#step = step;
    this.#output = output;
  }

  #refuse(detail: string): void {
    this.result = { kind: 'invalid', detail };
  }
}

/** Both when the server may choose: a login that nobody asks for would do no good, and the login first, for it says who we are. */
function offeredMethods(login: SocksLogin | null): number[] {
  if (login === null) return [METHOD.NONE];
  return login.isRequired ? [METHOD.PASSWORD] : [METHOD.PASSWORD, METHOD.NONE];
}

/** SOCKS 4 for an IPv4 address, 4a for a name. Throws a RangeError for IPv6 and for words that it cannot carry. */
export class Socks4Client implements SocksClient {
  result: SocksResult | null = null;
  readonly #held = new Gathering(8);
  #output: Buffer | null;

  constructor(destination: SocksDestination, user: string) {
    const { host, port } = destination;
    const ip = parseIp(host);
    if (ip?.family === 6) throw new RangeError('SOCKS4 knows no IPv6');
    const address = ip?.bytes ?? Buffer.of(0, 0, 0, 1);
    const name = ip === undefined ? [endedWord(host)] : [];
    this.#output = Buffer.concat([
      Buffer.of(SOCKS4, COMMAND.CONNECT, port >> 8, port & 0xff),
      address,
      endedWord(user),
      ...name,
    ]);
  }

  takeOutput(): Buffer | null {
    const output = this.#output;
    this.#output = null;
    return output;
  }

  feed(bytes: Buffer, from: number, to: number): number {
    if (this.result !== null) return from;
    const at = this.#held.fill(8, bytes, from, to);
    const { bytes: held, length } = this.#held;
    // The version of the reply is 0; there are servers that say 4.
    if (length > 0 && held[0] !== 0 && held[0] !== SOCKS4) {
      this.result = { kind: 'invalid', detail: 'it does not speak SOCKS4' };
    } else if (length === 8) this.result = resultOfSocks4(held[1]!);
    return at;
  }
}

function resultOfSocks4(code: number): SocksResult {
  if (code === SOCKS4_REPLY.GRANTED) return CONNECTED;
  if (code === SOCKS4_REPLY.REJECTED) return { kind: 'refused', reply: REPLY.GENERAL_FAILURE };
  const isIdentity = code === SOCKS4_REPLY.NO_IDENTD || code === SOCKS4_REPLY.WRONG_IDENTITY;
  return isIdentity ? { kind: 'auth_failed' } : { kind: 'invalid', detail: 'its reply is malformed' };
}

function endedWord(word: string): Buffer {
  const bytes = Buffer.from(word, 'utf8');
  if (bytes.length > MAX_WORD_BYTES || bytes.includes(0)) {
    throw new RangeError(`a word in SOCKS4 has at most ${MAX_WORD_BYTES} bytes, and none of them is 0`);
  }
  return Buffer.concat([bytes, Buffer.of(0)]);
}
