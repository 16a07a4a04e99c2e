// How an address to listen on is written. Rule: a port alone is this machine only; a colon before it says that every
// address is meant, which nobody writes by accident.

import { parseAddress, type InvalidAddress, type TcpAddress, type UnixAddress } from '../core/address.ts';

export function parseListenText(text: string): TcpAddress | UnixAddress | InvalidAddress {
  return parseAddress(text, { host: text.startsWith(':') ? '' : '127.0.0.1' });
}
