// The credentials of the scheme Basic (RFC 7617). Rule: what is not exactly that is no credentials.
import { Buffer } from 'node:buffer';

export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** From the value of Authorization or Proxy-Authorization; null for another scheme and for what cannot be read. */
export function parseBasic(value: string): BasicCredentials | null {
  const encoded = BASIC.exec(value)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
