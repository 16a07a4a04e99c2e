// The question of a dry run as a request: what stands in the URL, and the bytes that a client would send to a door. Rule: it is read
// by the same parser as real requests, so that what is refused there is refused here.
import { Buffer } from 'node:buffer';
import { type ParserLimits, RequestParser } from '../../codec/http1/parser.ts';
import { formatHostPort, parseAddress } from '../../core/address.ts';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import { RequestState } from '../../engine/request-state.ts';
import type { Question } from './explanation.ts';

export interface AskedUrl {
  readonly isSecure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** As it stands in Host. */
  readonly authority: string;
  /** With the query. */
  readonly path: string;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function askedUrl({ method, url }: Pick<Question, 'method' | 'url'>): AskedUrl {
  if (!TOKEN.test(method)) throw invalid(`"${method}" is not a method`);
  if (!url.includes('://')) return askedAddress(url);
  const parsed = URL.parse(url);
  const isSecure = parsed?.protocol === 'https:';
  if (parsed === null || !(isSecure || parsed.protocol === 'http:'))
    throw invalid(`"${url}" is not an http or https URL`);
  const { hostname, host: authority, port, pathname, search } = parsed;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    isSecure,
    host,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    authority,
    path: pathname + search,
  };
}

/** `example.com:443`, as CONNECT has it, or `example.com` alone. */
function askedAddress(text: string): AskedUrl {
  const address = parseAddress(text, { port: 443 });
  if (address.kind !== 'tcp' || address.host === '') throw invalid(`"${text}" is neither a URL nor host:port`);
  const { host, port } = address;
  return { isSecure: true, host, port, authority: formatHostPort(host, port), path: '/' };
}

/** As a client would write it. */
export function requestBytes(line: string, fields: Question['fields']): Buffer {
  for (const [name, value] of fields) {
    if (!TOKEN.test(name) || /[\0\r\n]/.test(value)) throw invalid(`"${name}" is not a header field`);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

export type ReadRequest =
  | { readonly request: RequestState }
  | { readonly refused: { readonly code: ErrorCode; readonly detail: string } };

export function readRequest(bytes: Buffer, limits: ParserLimits): ReadRequest {
  let read: ReadRequest | null = null;
  const parser = new RequestParser(limits, {
    onHead: (head) => {
      const request = new RequestState(head, false);
      request.begin();
      read ??= { request };
    },
    onBody: () => {},
    onEnd: () => {},
    onError: (code, detail) => {
      read = { refused: { code, detail } };
    },
  });
  parser.feed(bytes, 0, bytes.length);
  return read ?? { refused: { code: 'request_invalid', detail: 'the request is not complete' } };
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
