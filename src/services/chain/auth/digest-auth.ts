// Digest credentials (RFC 7616, and the older RFC 2617): MD5, SHA-256 and SHA-512-256, with and without -sess, qop=auth.
// Rule: the count of a nonce never repeats, so it lives with the nonce, which all connections to the proxy share.
import { createHash, randomBytes } from 'node:crypto';
import { type Challenge, parseChallenges } from './challenges.ts';
import type { HopAuth } from './hop-auth.ts';

/** By the name in the challenge: that of the hash. The strongest first. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['sha-512-256', 'sha512-256'],
  ['sha-256', 'sha256'],
  ['md5', 'md5'],
]);

/** A server that calls every nonce stale must not keep us busy. */
const MAX_CHALLENGES = 3;

/** A challenge that can be met, and how often it has been. */
export interface DigestNonce {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  /** As it stood in the challenge; null = it was not named, which means MD5. */
  readonly algorithm: string | null;
  readonly hash: string;
  readonly isSession: boolean;
  /** False: the challenge is as old as RFC 2069. */
  readonly hasQop: boolean;
  readonly hidesUser: boolean;
  count: number;
}

export interface DigestRequest {
  readonly method: string;
  readonly target: string;
  readonly cnonce: string;
}

/** What is known about a proxy and outlives a connection. */
export interface DigestMemory {
  nonce: DigestNonce | null;
  /** It has let a request through without asking who we are. */
  isOpen: boolean;
}

export class DigestAuth implements HopAuth {
  readonly isBound = false;
  readonly #username: string;
  readonly #password: string;
  readonly #memory: DigestMemory;
  /** Challenges received on this connection since a request was let through. */
  #challenges = 0;
  /** The nonce of the last answer. */
  #used: DigestNonce | null = null;
  #received: DigestNonce | null = null;

  constructor(username: string, password: string, memory: DigestMemory) {
    this.#username = username;
    this.#password = password;
    this.#memory = memory;
  }

  /** Without a nonce there is no answer to a challenge yet. */
  get wantsRehearsal(): boolean {
    return this.#memory.nonce === null && !this.#memory.isOpen;
  }

  authorize(method: string, target: string): string | null {
    const { nonce } = this.#memory;
    this.#used = nonce;
    if (nonce === null) return null;
    nonce.count += 1;
    const cnonce = randomBytes(16).toString('base64url');
    return digestAnswer(nonce, this.#username, this.#password, { method, target, cnonce });
  }

  challenge(values: readonly string[]): boolean {
    const best = strongest(parseChallenges(values));
    const isRefused = this.#used !== null && this.#used === this.#received;
    this.#challenges += 1;
    this.#memory.nonce = best?.nonce ?? null;
    this.#memory.isOpen = false;
    this.#received = this.#memory.nonce;
    if (best === null || this.#challenges > MAX_CHALLENGES) return false;
    return best.isStale || !isRefused;
  }

  /** A challenge that comes from now on is about a nonce that has grown old. */
  accepted(): void {
    this.#challenges = 0;
    this.#received = null;
    this.#memory.isOpen = this.#memory.nonce === null;
  }
}

interface Offer {
  readonly nonce: DigestNonce;
  readonly isStale: boolean;
}

function strongest(challenges: readonly Challenge[]): Offer | null {
  const offers = challenges.map(offerOf).filter((offer) => offer !== null);
  const hashes = [...ALGORITHMS.values()];
  return offers.toSorted((a, b) => hashes.indexOf(a.nonce.hash) - hashes.indexOf(b.nonce.hash))[0] ?? null;
}

/** What the challenge asks for; null when it is of another scheme or cannot be met. */
function offerOf({ scheme, parameters }: Challenge): Offer | null {
  const [realm, nonce] = [parameters.get('realm'), parameters.get('nonce')];
  const algorithm = parameters.get('algorithm') ?? null;
  const [, name = '', session] = /^(.*?)(-sess)?$/i.exec(algorithm ?? 'MD5') ?? [];
  const hash = ALGORITHMS.get(name.toLowerCase());
  const qop = parameters
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/);
  const isUnmet = scheme !== 'digest' || realm === undefined || nonce === undefined || hash === undefined;
  if (isUnmet || (qop !== undefined && !qop.includes('auth'))) return null;
  return {
    isStale: parameters.get('stale')?.toLowerCase() === 'true',
    nonce: {
      realm,
      nonce,
      algorithm,
      hash,
      opaque: parameters.get('opaque') ?? null,
      isSession: session !== undefined,
      hasQop: qop !== undefined,
      hidesUser: parameters.get('userhash')?.toLowerCase() === 'true',
      count: 0,
    },
  };
}

/** The value of the field for one request (RFC 7616, 3.4). */
export function digestAnswer(nonce: DigestNonce, username: string, password: string, request: DigestRequest): string {
  const { realm, opaque, algorithm } = nonce;
  const { method, target, cnonce } = request;
  const hash = (text: string): string => createHash(nonce.hash).update(text, 'utf8').digest('hex');
  const count = nonce.count.toString(16).padStart(8, '0');
  const identity = hash(`${username}:${realm}:${password}`);
  const secret = nonce.isSession ? hash(`${identity}:${nonce.nonce}:${cnonce}`) : identity;
  const middle = nonce.hasQop ? `${nonce.nonce}:${count}:${cnonce}:auth` : nonce.nonce;
  const response = hash(`${secret}:${middle}:${hash(`${method}:${target}`)}`);
  const fields = [
    nonce.hidesUser ? `username=${quoted(hash(`${username}:${realm}`))}` : userField(username),
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce.nonce)}`,
    `uri=${quoted(target)}`,
    ...(algorithm === null ? [] : [`algorithm=${algorithm}`]),
    ...(nonce.hasQop ? [`qop=auth`, `nc=${count}`, `cnonce=${quoted(cnonce)}`] : []),
    `response=${quoted(response)}`,
    ...(opaque === null ? [] : [`opaque=${quoted(opaque)}`]),
    ...(nonce.hidesUser ? ['userhash=true'] : []),
  ];
  return `Digest ${fields.join(', ')}`;
}

/** Beyond ASCII a name can only be told in the extended form (RFC 7616, 3.4). */
function userField(username: string): string {
  if (/^[\u0020-\u007e]*$/.test(username)) return `username=${quoted(username)}`;
  const encoded = encodeURIComponent(username).replaceAll(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `username*=UTF-8''${encoded}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
