// The three messages of NTLM, and the computations of NTLMv2 (MS-NLMP). Rule: only version 2 is spoken: what version 1 sends
// can be turned back into the password.
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { md4 } from './md4.ts';

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
const TYPE_AT = 8;

/** MS-NLMP, 2.2.2.5. */
const FLAG = {
  UNICODE: 0x00000001,
  OEM: 0x00000002,
  REQUEST_TARGET: 0x00000004,
  NTLM: 0x00000200,
  ALWAYS_SIGN: 0x00008000,
  EXTENDED_SESSION_SECURITY: 0x00080000,
  TARGET_INFO: 0x00800000,
} as const;

const OFFERED =
  FLAG.UNICODE | FLAG.OEM | FLAG.REQUEST_TARGET | FLAG.NTLM | FLAG.ALWAYS_SIGN | FLAG.EXTENDED_SESSION_SECURITY;

/** AV pairs, 2.2.2.1. */
const AV_END = 0;
const AV_TIMESTAMP = 7;

const NEGOTIATE_BYTES = 32;
const AUTHENTICATE_HEAD_BYTES = 64;
const SHORTEST_CHALLENGE = 32;

export interface NtlmIdentity {
  readonly user: string;
  /** Empty: that of the server. */
  readonly domain: string;
  /** MD4 of the password, which is as good as the password itself. */
  readonly ntHash: Buffer;
}

export interface NtlmChallenge {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly targetInfo: Buffer;
}

/** What makes each answer another one. */
export interface NtlmMoment {
  /** 100 ns since 1601, for servers that do not tell theirs. */
  readonly time: bigint;
  readonly clientChallenge: Buffer;
}

/** `DOMAIN\user`, or `user`, or `user@domain`, which stays whole. A password `nthash:` and 32 hex digits is a hash. */
export function ntlmIdentity(username: string, password: string): NtlmIdentity {
  const slash = username.indexOf('\\');
  const hex = /^nthash:([0-9a-f]{32})$/i.exec(password)?.[1];
  return {
    user: username.slice(slash + 1),
    domain: slash === -1 ? '' : username.slice(0, slash),
    ntHash: hex === undefined ? md4(unicode(password)) : Buffer.from(hex, 'hex'),
  };
}

/** Type 1: that we want to, and what we can. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(NEGOTIATE_BYTES);
  SIGNATURE.copy(message);
  message.writeUInt32LE(1, TYPE_AT);
  message.writeUInt32LE(OFFERED, 12);
  return message;
}

/** Type 2; null when it is not one. */
export function readChallengeMessage(message: Buffer): NtlmChallenge | null {
  const isChallenge =
    message.length >= SHORTEST_CHALLENGE &&
    message.subarray(0, SIGNATURE.length).equals(SIGNATURE) &&
    message.readUInt32LE(TYPE_AT) === 2;
  if (!isChallenge) return null;
  const flags = message.readUInt32LE(20);
  const targetInfo = readTargetInfo(message, flags);
  return targetInfo === null ? null : { flags, serverChallenge: message.subarray(24, 32), targetInfo };
}

/** Old servers have none, and something else in its place; null when it points out of the message. */
function readTargetInfo(message: Buffer, flags: number): Buffer | null {
  if ((flags & FLAG.TARGET_INFO) === 0 || message.length < 48) return Buffer.alloc(0);
  const length = message.readUInt16LE(40);
  const from = message.readUInt32LE(44);
  return from + length > message.length ? null : message.subarray(from, from + length);
}

/** NTOWFv2, 3.3.2: the key that belongs to the user and the domain. */
export function responseKey({ user, domain, ntHash }: NtlmIdentity): Buffer {
  return hmacMd5(ntHash, unicode(user.toUpperCase() + domain));
}

export interface NtlmResponses {
  readonly nt: Buffer;
  readonly lm: Buffer;
}

/** ComputeResponse, 3.3.2. */
export function ntlmResponses(key: Buffer, challenge: NtlmChallenge, moment: NtlmMoment): NtlmResponses {
  const { serverChallenge, targetInfo } = challenge;
  const { clientChallenge } = moment;
  const serverTime = findTimestamp(targetInfo);
  const ownTime = Buffer.alloc(8);
  ownTime.writeBigUInt64LE(moment.time);
  const zeros = Buffer.alloc(4);
  const blob = Buffer.concat([
    Buffer.of(1, 1, 0, 0, 0, 0, 0, 0),
    serverTime ?? ownTime,
    clientChallenge,
    zeros,
    targetInfo,
    zeros,
  ]);
  const proof = hmacMd5(key, serverChallenge, blob);
  const lm = Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]);
  // A server that tells its time wants nothing of the older response (3.1.5.1.2).
  return { nt: Buffer.concat([proof, blob]), lm: serverTime === null ? lm : Buffer.alloc(lm.length) };
}

function findTimestamp(targetInfo: Buffer): Buffer | null {
  for (let at = 0; at + 4 <= targetInfo.length;) {
    const id = targetInfo.readUInt16LE(at);
    const to = at + 4 + targetInfo.readUInt16LE(at + 2);
    if (id === AV_END || to > targetInfo.length) return null;
    if (id === AV_TIMESTAMP && to - at === 12) return targetInfo.subarray(at + 4, to);
    at = to;
  }
  return null;
}

/** Type 3: who we are, and that we know the password. */
export function authenticateMessage(identity: NtlmIdentity, challenge: NtlmChallenge, moment: NtlmMoment): Buffer {
  const { nt, lm } = ntlmResponses(responseKey(identity), challenge, moment);
  const isUnicode = (challenge.flags & FLAG.UNICODE) !== 0;
  const encoded = (text: string): Buffer => (isUnicode ? unicode(text) : Buffer.from(text, 'latin1'));
  const workstation = Buffer.alloc(0);
  // In the order of their places in the head; the last one is a session key, which nobody needs.
  const parts = [lm, nt, encoded(identity.domain), encoded(identity.user), workstation, Buffer.alloc(0)];
  const head = Buffer.alloc(AUTHENTICATE_HEAD_BYTES);
  SIGNATURE.copy(head);
  head.writeUInt32LE(3, TYPE_AT);
  let from = head.length;
  for (const [index, part] of parts.entries()) {
    const at = 12 + index * 8;
    head.writeUInt16LE(part.length, at);
    head.writeUInt16LE(part.length, at + 2);
    head.writeUInt32LE(from, at + 4);
    from += part.length;
  }
  head.writeUInt32LE((challenge.flags & OFFERED & ~(isUnicode ? FLAG.OEM : FLAG.UNICODE)) >>> 0, 60);
  return Buffer.concat([head, ...parts]);
}

function unicode(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

function hmacMd5(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
