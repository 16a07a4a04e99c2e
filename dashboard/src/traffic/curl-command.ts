// A request as the curl command that would send it again. Rule: what stands in it is quoted for a shell, whatever a stranger has sent.
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';

/** Those that curl makes itself, or that belong to one connection. */
const NOT_TAKEN = new Set([
  'host',
  'content-length',
  'connection',
  'proxy-connection',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
]);
const MASK = '***';

export interface CurlParts {
  readonly request: RequestAnswer;
  /** Where the door is that it came in by, if it is known. */
  readonly door: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
}

export function curlCommand({ request, door, headers, body }: CurlParts): string {
  const { method, host } = request;
  const words = ['curl'];
  if (request.door === 'egress' && door !== null) words.push('-x', quoted(door));
  if (method !== 'GET' && method !== 'CONNECT') words.push(...(method === 'HEAD' ? ['-I'] : ['-X', quoted(method)]));
  words.push(quoted(addressOf(request, door)));
  if (request.door !== 'egress' && door !== null && host !== hostOf(door)) words.push('-H', quoted(`Host: ${host}`));
  for (const [name, value] of headers) {
    if (NOT_TAKEN.has(name.toLowerCase()) || value.includes(MASK)) continue;
    words.push('-H', quoted(value === '' ? `${name};` : `${name}: ${value}`));
  }
  if (body !== null && body !== '') words.push('--data-raw', quoted(body));
  return words.join(' ');
}

function addressOf({ method, host, target, door }: RequestAnswer, doorAddress: string | null): string {
  if (method === 'CONNECT') return `https://${host === '' ? target : host}/`;
  if (/^https?:\/\//i.test(target)) return target;
  if (door !== 'egress' && doorAddress !== null) return `${doorAddress}${target}`;
  return `http://${host}${target}`;
}

function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//, '');
}

/** Nothing within single quotes means anything to a shell but the quote itself. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
