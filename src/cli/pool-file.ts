// A file of proxies, one a line, as providers hand them out: URLs, host:port, user:password@host:port, and
// host:port:user:password. Rule: a line that is none of these is an error with its number, and is never repeated, for it
// may hold a password.

import { readFileSync } from 'node:fs';
import { formatHostPort } from '../core/address.ts';
import { SluiceError } from '../core/errors.ts';
import { parseProxyUrl } from '../core/proxy-url.ts';

export interface PoolProxy {
  /** Host and port, with a number behind where several proxies share them. */
  readonly id: string;
  readonly url: string;
}

/** `as` is how the person named the file. */
export function readPoolFile(file: string, as: string): PoolProxy[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SluiceError('config_invalid', { message: `${as} cannot be read: ${(cause as Error).message}`, cause });
  }
  return parsePool(text, as);
}

export function parsePool(text: string, as: string): PoolProxy[] {
  const proxies: PoolProxy[] = [];
  const seen = new Map<string, number>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const entry = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (entry === '') continue;
    const url = urlOf(entry);
    const parsed = parseProxyUrl(url);
    if ('fault' in parsed) {
      throw new SluiceError('config_invalid', { message: `${as}:${index + 1} is no proxy: ${parsed.fault}` });
    }
    const place = formatHostPort(parsed.host, parsed.port);
    const count = (seen.get(place) ?? 0) + 1;
    seen.set(place, count);
    proxies.push({ id: count === 1 ? place : `${place}-${count}`, url });
  }
  if (proxies.length === 0) throw new SluiceError('config_invalid', { message: `${as} names no proxy` });
  return proxies;
}

function urlOf(entry: string): string {
  if (/^[a-z][a-z0-9]*:\/\//i.test(entry)) return entry;
  const plain = `http://${entry}`;
  const parts = /^([^:@\s]+):(\d+):([^:\s]+):(\S+)$/.exec(entry);
  if (parts === null || !('fault' in parseProxyUrl(plain))) return plain;
  const [, host = '', port = '', user = '', password = ''] = parts;
  return `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}`;
}
