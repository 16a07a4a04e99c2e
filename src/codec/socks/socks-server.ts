// The server's side of a SOCKS handshake as one machine for versions 4, 4a and 5: bytes of the client in, bytes for the
// client out, and at the end what it asks for. Rule: only CONNECT is served, and only to a host that could stand in a URL;
// it reads exactly up to the end of the request, for the rest is the tunnel's.
import { Buffer } from 'node:buffer';
import { isHostName } from '../../core/address.ts';
import { formatIp, parseIp } from '../../core/ip.ts';
import { Gathering } from './gathering.ts';
import {
  ADDRESS,
  COMMAND,
  MAX_WORD_BYTES,
  METHOD,
  readIp,
  REPLY,
  SOCKS4,
  SOCKS4_REPLY,
  SOCKS5,
} from './socks-words.ts';

export interface SocksServerOptions {
  /** A client of SOCKS5 must log in; one of SOCKS4 must name its user. */
  readonly requiresLogin: boolean;
}

export interface SocksRequest {
  readonly version: 4 | 5;
  readonly host: string;
  readonly port: number;
  /** Who the client says that it is; null = it did not say. Nobody has checked it. */
  readonly username: string | null;
  /** Null in SOCKS4, which knows none. */
  readonly password: string | null;
}

export type SocksServerState =
  | { readonly kind: 'reading' }
  /** Complete: answer with socksReply(). */
  | { readonly kind: 'requested'; readonly request: SocksRequest }
  /** Over: send what takeOutput() gives, then close. `detail` is for the log. */
  | { readonly kind: 'refused'; readonly detail: string };

const READING: SocksServerState = { kind: 'reading' };

/** The longest message of a client: SOCKS4 with the longest user and name. */
const MAX_MESSAGE_BYTES = 8 + 2 * (MAX_WORD_BYTES + 1);

export class SocksServer {
  state: SocksServerState = READING;
  readonly #requiresLogin: boolean;
  readonly #held = new Gathering(MAX_MESSAGE_BYTES);
  #step: 'greeting' | 'login' | 'request5' | 'request4' = 'greeting';
  #username: string | null = null;
  #password: string | null = null;
  #output: Buffer | null = null;

  constructor(options: SocksServerOptions) {
    this.#requiresLogin = options.requiresLogin;
  }

  /** What is to be sent next, null = nothing; to be asked for after every feed(). */
  takeOutput(): Buffer | null {
    const output = this.#output;
    this.#output = null;
    return output;
  }

  /** Takes bytes[from, to) and returns where it stopped: behind the request once there is one. */
  feed(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (this.state.kind === 'reading') {
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
    if (this.#step === 'request5') return this.#wantedOfRequest5();
    if (this.#step === 'request4') return this.#wantedOfRequest4();
    if (this.#step === 'login') {
      if (length < 2) return 2;
      return length < 3 + bytes[1]! ? 3 + bytes[1]! : 3 + bytes[1]! + bytes[2 + bytes[1]!]!;
    }
    if (length === 0 || bytes[0] !== SOCKS5) return 1;
    return length < 2 ? 2 : 2 + bytes[1]!;
  }

  #wantedOfRequest5(): number {
    const { bytes, length } = this.#held;
    if (length < 5) return 5;
    if (bytes[3] === ADDRESS.IPV4) return 10;
    if (bytes[3] === ADDRESS.IPV6) return 22;
    return bytes[3] === ADDRESS.NAME ? 7 + bytes[4]! : 5;
  }

  /** Its words end with a zero, so the next byte is wanted until that has come. */
  #wantedOfRequest4(): number {
    const { bytes, length } = this.#held;
    if (length < 9) return 9;
    const userEnd = bytes.subarray(0, length).indexOf(0, 8);
    if (userEnd === -1) return Math.min(length + 1, 8 + MAX_WORD_BYTES + 1);
    if (!isNamed(bytes)) return userEnd + 1;
    const nameEnd = bytes.subarray(0, length).indexOf(0, userEnd + 1);
    if (nameEnd !== -1) return nameEnd + 1;
    return Math.min(Math.max(length, userEnd + 1) + 1, userEnd + 1 + MAX_WORD_BYTES + 1);
  }

  #take(): void {
    if (this.#step === 'greeting') this.#takeGreeting();
    else if (this.#step === 'login') this.#takeLogin();
    else if (this.#step === 'request5') this.#takeRequest5();
    else this.#takeRequest4();
  }

  #takeGreeting(): void {
    const { bytes, length } = this.#held;
    if (bytes[0] === SOCKS4) {
      // The byte that told the version is the first one of the request.
      this.#step = 'request4';
      return;
    }
    if (bytes[0] !== SOCKS5) {
      this.#refuse('it is neither SOCKS4 nor SOCKS5', null);
      return;
    }
    const methods = bytes.subarray(2, length);
    const method = this.#choose(methods);
    this.#held.clear();
    if (method === METHOD.NO_ACCEPTABLE) {
      this.#refuse('the client offers no method that will do', Buffer.of(SOCKS5, method));
      return;
    }
    this.#step = method === METHOD.PASSWORD ? 'login' : 'request5';
    this.#say(Buffer.of(SOCKS5, method));
  }

  /** A login is taken from whoever offers one: its user name may carry a session. */
  #choose(methods: Buffer): number {
    if (methods.includes(METHOD.PASSWORD)) return METHOD.PASSWORD;
    return methods.includes(METHOD.NONE) && !this.#requiresLogin ? METHOD.NONE : METHOD.NO_ACCEPTABLE;
  }

  /** The client is told that it is welcome; whether it really is, the answer to its request says. */
  #takeLogin(): void {
    const { bytes, length } = this.#held;
    if (bytes[0] !== 1) {
      this.#refuse('the login is not that of RFC 1929', Buffer.of(1, 1));
      return;
    }
    const userTo = 2 + bytes[1]!;
    this.#username = bytes.toString('utf8', 2, userTo);
    this.#password = bytes.toString('utf8', userTo + 1, length);
    this.#held.clear();
    this.#step = 'request5';
    this.#say(Buffer.of(1, 0));
  }

  #takeRequest5(): void {
    const { bytes, length } = this.#held;
    const [version, command, , type] = bytes;
    if (version !== SOCKS5) {
      this.#refuse('the request is malformed', socksReply(5, REPLY.GENERAL_FAILURE));
    } else if (command !== COMMAND.CONNECT) {
      this.#refuse('the command is not CONNECT', socksReply(5, REPLY.COMMAND_NOT_SUPPORTED));
    } else if (type !== ADDRESS.IPV4 && type !== ADDRESS.IPV6 && type !== ADDRESS.NAME) {
      this.#refuse('the type of the address is unknown', socksReply(5, REPLY.ADDRESS_NOT_SUPPORTED));
    } else {
      const host =
        type === ADDRESS.NAME ? bytes.toString('latin1', 5, length - 2) : readIp(bytes.subarray(4, length - 2));
      this.#request(5, host, bytes.readUInt16BE(length - 2));
    }
  }

  #takeRequest4(): void {
    const { bytes, length } = this.#held;
    const userEnd = bytes.subarray(0, length).indexOf(0, 8);
    const isWhole = userEnd !== -1 && bytes[length - 1] === 0;
    if (!isWhole) this.#refuse('a word is too long', socksReply(4, REPLY.GENERAL_FAILURE));
    else if (bytes[1] !== COMMAND.CONNECT) {
      this.#refuse('the command is not CONNECT', socksReply(4, REPLY.COMMAND_NOT_SUPPORTED));
    } else {
      this.#username = userEnd === 8 ? null : bytes.toString('utf8', 8, userEnd);
      if (this.#requiresLogin && this.#username === null) {
        this.#refuse('the client does not say who it is', Buffer.of(0, SOCKS4_REPLY.WRONG_IDENTITY, 0, 0, 0, 0, 0, 0));
        return;
      }
      const host = isNamed(bytes) ? bytes.toString('latin1', userEnd + 1, length - 1) : readIp(bytes.subarray(4, 8));
      this.#request(4, host, bytes.readUInt16BE(2));
    }
  }

  #request(version: 4 | 5, host: string, port: number): void {
    const ip = parseIp(host);
    if (port === 0 || host.includes('%') || (ip === undefined && !isHostName(host))) {
      this.#refuse('the destination is not a host and a port', socksReply(version, REPLY.GENERAL_FAILURE));
      return;
    }
    const spelled = ip === undefined ? host.toLowerCase() : formatIp(ip);
    const [username, password] = [this.#username, this.#password];
    this.state = { kind: 'requested', request: { version, host: spelled, port, username, password } };
  }

  #refuse(detail: string, output: Buffer | null): void {
    this.state = { kind: 'refused', detail };
    if (output !== null) this.#say(output);
  }

  /** A client that sends everything at once is answered step by step all the same. */
  #say(bytes: Buffer): void {
    this.#output = this.#output === null ? bytes : Buffer.concat([this.#output, bytes]);
  }
}

/** 4a: an address of the form 0.0.0.x, with x not 0, says that a name follows. */
function isNamed(bytes: Buffer): boolean {
  return bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] !== 0;
}

/** The answer to a request: `reply` is one of REPLY for either version. */
export function socksReply(version: 4 | 5, reply: number): Buffer {
  if (version === 5) return Buffer.of(SOCKS5, reply, 0, ADDRESS.IPV4, 0, 0, 0, 0, 0, 0);
  const code = reply === REPLY.SUCCEEDED ? SOCKS4_REPLY.GRANTED : SOCKS4_REPLY.REJECTED;
  return Buffer.of(0, code, 0, 0, 0, 0, 0, 0);
}
