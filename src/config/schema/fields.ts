// The kinds of value that fields of the configuration hold. Rule: each turns what a person writes into the one form that
// the program uses; its messages begin with "expected" where another kind of value was given, and quote what they quote.

import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { formatAddress, isHostName, parseAddress } from '../../core/address.ts';
import { parseDuration } from '../../core/duration.ts';
import { formatIp, parseIp, parseIpRange } from '../../core/ip.ts';
import { parseNoProxyEntry } from '../../core/no-proxy.ts';
import { parseProxyUrl } from '../../core/proxy-url.ts';
import { parseSize } from '../../core/size.ts';
import { parseListenText } from '../listen-text.ts';
import { parseRate } from '../rate.ts';
import { parseShare } from '../share.ts';

/** What a reader of text answers when the text will not do. */
class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

function refuse(message: string): Refusal {
  return new Refusal(message);
}

/** A text that `read` turns into a value. `expected` completes "expected …" when something else than text is given. */
function textField<T>(expected: string, read: (text: string) => T | Refusal): z.ZodType<T, string> {
  return z.string({ error: `expected ${expected}` }).transform(withRefusals(read));
}

function withRefusals<In, T>(read: (input: In) => T | Refusal) {
  return (input: In, context: z.core.$RefinementCtx<In>): T => {
    const result = read(input);
    if (!(result instanceof Refusal)) return result;
    context.issues.push({ code: 'custom', message: result.message, input });
    return z.NEVER;
  };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds, written as `30s`. What is measured by a timer fits into one: at most 24 days; `max` is for what is not. */
export function duration(options: { readonly min?: string; readonly max?: string } = {}): z.ZodType<number> {
  const expected = 'expected a duration such as 500ms, 30s, 10m or 1h';
  const min = options.min ?? '1ms';
  const max = options.max ?? '24d';
  const minMs = parseDuration(min) ?? 0;
  const maxMs = options.max === undefined ? LONGEST_TIMER_MS : (parseDuration(max) ?? 0);
  const read = (text: string): number | Refusal => {
    const ms = parseDuration(text);
    if (ms === undefined) return refuse(/^\d+$/.test(text) ? unitIsMissing(text) : expected);
    if (ms < minMs) return refuse(`expected a duration of at least ${min}`);
    return ms <= maxMs ? ms : refuse(`expected a duration of at most ${max}`);
  };
  return z
    .string({ error: (issue) => (typeof issue.input === 'number' ? unitIsMissing(issue.input) : expected) })
    .transform(withRefusals(read))
    .meta({ 'x-kind': 'duration' });
}

function unitIsMissing(amount: number | string): string {
  return `a duration without a unit: write ${amount}s for seconds, or ${amount}ms`;
}

/** An IP address, with a port where it is not the usual one, as Node takes it. */
export function dnsServer(): z.ZodType<string> {
  const expected = 'expected the IP address of a DNS server, such as 10.0.0.2 or "[fd00::2]:5353"';
  return textField(expected.slice('expected '.length), (text) => {
    if (parseIp(text) !== undefined) return text;
    const address = parseAddress(text, { port: DNS_PORT });
    if (address.kind !== 'tcp' || address.port === 0 || parseIp(address.host) === undefined) return refuse(expected);
    return formatAddress(address);
  });
}

const DNS_PORT = 53;

/** Bytes, written as `16KiB` or as a plain number. */
export function size(): z.ZodType<number> {
  const expected = 'expected a size such as 16KiB, 10MB or 4096';
  return z
    .union([z.string(), z.int().min(0, expected)], { error: expected })
    .transform(withRefusals((input) => (typeof input === 'number' ? input : parseSize(input)) ?? refuse(expected)))
    .meta({ 'x-kind': 'size' });
}

/** Requests per second, written as `100/s`, `30/m`, `1000/h`. */
export function rate(): z.ZodType<number> {
  const expected = 'expected a rate such as 100/s, 30/m or 1000/h';
  return z
    .union([z.string(), z.number().positive()], { error: expected })
    .transform(withRefusals((input) => (typeof input === 'number' ? input : parseRate(input)) ?? refuse(expected)))
    .meta({ 'x-kind': 'rate' });
}

/** A part of a whole, written as `20%` or 0.2; a number from 0 to 1 afterwards. */
export function share(): z.ZodType<number> {
  const expected = 'expected a share such as 20%, or a number from 0 to 1';
  return z
    .union([z.string(), z.number()], { error: expected })
    .transform(withRefusals((input) => parseShare(String(input)) ?? refuse(expected)))
    .meta({ 'x-kind': 'share' });
}

/** A place to listen, in canonical form: `127.0.0.1:8080`, `[::1]:8080`, `:8080` for all addresses, `unix:/path`. */
export function listenAddress(): z.ZodType<string> {
  const expected = 'expected an address such as 127.0.0.1:8080, [::1]:8080, :8080 (every address) or unix:/run/x.sock';
  const read = (input: string | number): string | Refusal => {
    const text = String(input);
    const address = parseListenText(text);
    if (address.kind !== 'invalid') return formatAddress(address);
    const twoPorts = /^\d+:\d+$/.test(text);
    return refuse(`"${text}" is not an address: ${twoPorts ? 'it is two ports, and one is needed' : address.reason}`);
  };
  return z
    .union([z.string(), z.int().min(0, expected).max(65_535, expected)], { error: expected })
    .transform(withRefusals(read))
    .meta({ 'x-kind': 'address', samples: ['127.0.0.1:8080'] });
}

export interface UrlRules {
  readonly schemes: readonly string[];
  readonly example: string;
  /** A path beyond "/" is fine. */
  readonly path?: boolean;
  readonly query?: boolean;
  readonly credentials?: boolean;
  /** `unix:` and the whole path of a socket will do as well. */
  readonly unix?: boolean;
}

/** An absolute URL, kept as it was written. */
export function url(rules: UrlRules): z.ZodType<string> {
  const read = (text: string): string | Refusal => {
    const fault = rules.unix === true && text.startsWith('unix:') ? faultOfSocket(text) : faultOfUrl(text, rules);
    return fault === undefined ? text : refuse(`expected a URL such as ${rules.example}: ${fault}`);
  };
  return textField(`a URL such as ${rules.example}`, read).meta({ 'x-kind': 'url', samples: [rules.example] });
}

const PROXY_URL: UrlRules = {
  schemes: ['http', 'https', 'socks5', 'socks5h', 'socks4', 'socks4a'],
  example: 'socks5://user:password@proxy.example:1080',
  credentials: true,
};

/** Where a proxy is, with its user name and password, kept as it was written. */
export function proxyUrl(): z.ZodType<string> {
  return url(PROXY_URL).superRefine((text, context) => {
    const parsed = parseProxyUrl(text);
    if ('fault' in parsed) context.addIssue({ code: 'custom', message: parsed.fault });
  });
}

function faultOfSocket(text: string): string | undefined {
  return /^unix:\/[^\s\0]*[^\s\0/]$/.test(text)
    ? undefined
    : 'after "unix:" it needs the whole path of a socket, as in unix:/run/app.sock';
}

function faultOfUrl(text: string, rules: UrlRules): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return `it must begin with ${orList(rules.schemes.map((name) => `${name}://`))}`;
  if (!rules.schemes.includes(scheme)) {
    return `"${scheme}" is not possible here, only ${orList(rules.schemes)}`;
  }
  // The scheme is checked above; for parsing, http stands in for it, because URL knows hosts and ports only of a few.
  const parsed = URL.parse(`http${text.slice(scheme.length)}`);
  if (parsed === null) return 'the host or the port is not valid';
  if (rules.credentials !== true && (parsed.username !== '' || parsed.password !== '')) {
    return 'a user name or password is not possible here';
  }
  if (rules.path !== true && parsed.pathname !== '/') return 'a path is not possible here';
  if (rules.query !== true && (parsed.search !== '' || parsed.hash !== '')) {
    return 'a query or fragment is not possible here';
  }
  return undefined;
}

function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

/** A file or folder. The loader makes it absolute: from the folder of the file that names it; `~` is the home folder. */
export function filePath(): z.ZodType<string> {
  return z.string({ error: 'expected a path' }).min(1, 'expected a path').meta({ 'x-kind': 'path' });
}

/** A token, password or key: masked wherever the configuration is shown. */
export function secret(): z.ZodType<string> {
  return z.string({ error: 'expected a text' }).min(1, 'expected a secret that is not empty').meta({ writeOnly: true });
}

export function nonEmptyText(): z.ZodType<string> {
  return z.string({ error: 'expected a text' }).min(1, 'expected a text that is not empty');
}

/** The name of a proxy in its hop, which may be its host and port. */
export function memberId(): z.ZodType<string> {
  const message = 'expected a name of letters, digits, ".", "_", ":" and "-"';
  return z.string({ error: message }).regex(/^[A-Za-z0-9[][A-Za-z0-9._:[\]-]*$/, message);
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A name that other parts of the configuration, metrics and the API refer to. */
export function identifier(): z.ZodType<string> {
  const message = 'expected a name of letters, digits, ".", "_" and "-"';
  return z.string({ error: message }).regex(NAME, message);
}

/** One value or a list of them; always a list afterwards. */
export function oneOrMany<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]));
}

/** `example.com`, `*.example.com`, `*` or an IP address, in lower case and A-labels. */
export function hostPattern(): z.ZodType<string> {
  return textField('a host such as example.com or "*.example.com"', readHostPattern);
}

function readHostPattern(text: string): string | Refusal {
  const expected = 'expected a host such as example.com or "*.example.com"';
  if (text === '*') return text;
  if (text.includes('://') || text.includes('/')) return refuse(`${expected}, without scheme and path`);
  const ip = parseIp(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);
  if (ip !== undefined) return formatIp(ip);
  if (/:\d+$/.test(text)) return refuse(`${expected}, without a port`);
  const wild = text.startsWith('*.');
  const name = domainToASCII(wild ? text.slice(2) : text).replace(/\.$/, '');
  if (name.includes('*') || text.slice(wild ? 2 : 0).includes('*')) {
    return refuse(`${expected}; "*" can only stand alone or for the whole first part`);
  }
  if (!isHostName(name)) return refuse(`${expected}, not "${text}"`);
  return wild ? `*.${name}` : name;
}

/** A host pattern, or a network such as 10.0.0.0/8. */
export function hostOrNetwork(): z.ZodType<string> {
  return textField('a host, "*.example.com" or a network such as 10.0.0.0/8', (text) =>
    parseIpRange(text) === undefined ? readHostPattern(text) : text,
  );
}

/** An entry of NO_PROXY: a domain with everything below it, an address, a network, or `*`; a port may follow. */
export function noProxyEntry(): z.ZodType<string, string> {
  const expected = 'a domain, an address or a network, as in NO_PROXY';
  return textField(expected, (text) =>
    parseNoProxyEntry(text) === undefined ? refuse(`expected ${expected}, not "${text}"`) : text,
  );
}

/** An IP address or a network such as 10.0.0.0/8. */
export function network(): z.ZodType<string> {
  const expected = 'an IP address or a network such as 10.0.0.0/8';
  return textField(expected, (text) =>
    parseIpRange(text) === undefined ? refuse(`expected ${expected}, not "${text}"`) : text,
  );
}

export function port(): z.ZodType<number> {
  const message = 'expected a port from 1 to 65535';
  return z.int({ error: message }).min(1, message).max(65_535, message);
}

/** A whole number from 1 on. */
export function count(max?: number): z.ZodType<number> {
  const message = max === undefined ? 'expected a whole number from 1 on' : `expected a whole number from 1 to ${max}`;
  return z
    .int({ error: message })
    .min(1, message)
    .max(max ?? 1_000_000_000, message);
}

/** Names of header fields with their values; names keep their case, values are text even if written as numbers. */
export function headerMap(name: z.ZodType<string, string> = headerName()): z.ZodType<Record<string, string>> {
  return z.record(name, headerValue());
}

export function headerName(): z.ZodType<string, string> {
  const message = 'expected the name of a header field, such as X-Env';
  return z.string({ error: message }).regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, message);
}

export function headerValue(): z.ZodType<string> {
  const message = 'expected the value of a header field: text without line breaks and other control characters';
  return z
    .union([z.string(), z.number(), z.boolean()], { error: message })
    .transform(
      withRefusals((value) => (/[\0-\x08\n-\x1f\x7f]/.test(String(value)) ? refuse(message) : String(value).trim())),
    );
}

/** In upper case, as methods are compared. */
export function methodName(): z.ZodType<string, string> {
  const message = 'expected a method such as GET';
  return z
    .string({ error: message })
    .regex(/^[A-Za-z][A-Za-z-]*$/, message)
    .transform((name) => name.toUpperCase());
}

export function statusCode(): z.ZodType<number> {
  const message = 'expected a status from 200 to 599';
  return z.int({ error: message }).min(200, message).max(599, message);
}

/** Names with values; numbers and booleans are taken as text. */
export function tags(): z.ZodType<Record<string, string>> {
  return z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));
}
