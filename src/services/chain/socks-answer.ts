// What the refusal of a SOCKS server says. Rule: as with CONNECT, what may be the fault of the destination is laid to nobody.
import { REPLY } from '../../codec/socks/socks-words.ts';
import type { SocksResult } from '../../codec/socks/socks-client.ts';
import type { HopFault } from './hop-fault.ts';

const MEANINGS: ReadonlyMap<number, string> = new Map<number, string>([
  [REPLY.GENERAL_FAILURE, 'general failure'],
  [REPLY.NOT_ALLOWED, 'not allowed by its rules'],
  [REPLY.NETWORK_UNREACHABLE, 'network unreachable'],
  [REPLY.HOST_UNREACHABLE, 'host unreachable'],
  [REPLY.REFUSED, 'connection refused'],
  [REPLY.TTL_EXPIRED, 'TTL expired'],
  [REPLY.COMMAND_NOT_SUPPORTED, 'command not supported'],
  [REPLY.ADDRESS_NOT_SUPPORTED, 'type of address not supported'],
]);

export function faultOfSocks(result: Exclude<SocksResult, { kind: 'connected' }>, hasLogin: boolean): HopFault {
  if (result.kind === 'refused') return faultOfReply(result.reply);
  if (result.kind === 'invalid') return own('hop_invalid', 'member', `sent what is not an answer: ${result.detail}`);
  if (result.kind === 'auth_failed') return own('hop_auth_failed', 'auth', 'refused our user name and password', 407);
  const why = hasLogin ? 'takes no login with user name and password' : 'wants a login, and none is configured';
  return own('hop_auth_failed', 'auth', why, 407);
}

function faultOfReply(reply: number): HopFault {
  const detail = `answered with SOCKS reply ${reply}, ${MEANINGS.get(reply) ?? 'which is unknown'}`;
  if (reply === REPLY.NOT_ALLOWED) return own('hop_denied', 'policy', detail, 403);
  if (reply === REPLY.COMMAND_NOT_SUPPORTED || reply === REPLY.ADDRESS_NOT_SUPPORTED) {
    return own('hop_unsupported', 'configuration', detail, 501);
  }
  const isTimeout = reply === REPLY.TTL_EXPIRED;
  return {
    about: 'next',
    code: isTimeout ? 'upstream_connect_timeout' : 'upstream_unreachable',
    blame: 'ambiguous',
    detail,
    status: isTimeout ? 504 : 502,
    retryAfterMs: null,
  };
}

function own(code: HopFault['code'], blame: HopFault['blame'], detail: string, status = 0): HopFault {
  return { about: 'hop', code, blame, detail, status, retryAfterMs: null };
}
