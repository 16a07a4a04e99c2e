// Where a local server is, as a person writes it: PORT or HOST:PORT. Rule: what is none of these is said to be wrong.

import { parsePort } from '../core/address.ts';
import { SluiceError } from '../core/errors.ts';

export interface LocalPlace {
  readonly local_host: string;
  readonly local_port: number;
}

export function localPlace(text: string): LocalPlace {
  const match = /^(?:(\[[^\]]+\]|[^:\s]+):)?(\d+)$/.exec(text);
  const port = parsePort(match?.[2] ?? '');
  if (match === null || port === -1) {
    throw new SluiceError('usage', { message: `${JSON.stringify(text)} is no port from 1 to 65535, and no HOST:PORT` });
  }
  return { local_host: (match[1] ?? 'localhost').replace(/^\[(.*)\]$/, '$1'), local_port: port };
}
