// What a SOCKS client is told of how its request ended. Rule: what it may do nothing about is a general failure.
import { REPLY } from '../../codec/socks/socks-words.ts';
import type { ErrorCode } from '../../core/errors.ts';

const REPLIES: Readonly<Partial<Record<ErrorCode, number>>> = {
  destination_denied: REPLY.NOT_ALLOWED,
  forbidden: REPLY.NOT_ALLOWED,
  proxy_auth_required: REPLY.NOT_ALLOWED,
  hop_denied: REPLY.NOT_ALLOWED,
  upstream_dns_failed: REPLY.HOST_UNREACHABLE,
  upstream_connect_timeout: REPLY.HOST_UNREACHABLE,
  upstream_unreachable: REPLY.REFUSED,
  hop_unsupported: REPLY.ADDRESS_NOT_SUPPORTED,
};

export function socksReplyOf(status: number, error: ErrorCode | null): number {
  if (status === 200) return REPLY.SUCCEEDED;
  const known = error === null ? undefined : REPLIES[error];
  // A policy may refuse with nothing but a status.
  return known ?? (status === 403 || status === 407 ? REPLY.NOT_ALLOWED : REPLY.GENERAL_FAILURE);
}
