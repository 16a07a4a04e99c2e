// The one redaction: whatever is logged, shown or answered passes here first. Rule: when in doubt it hides, because a
// word too few in a log is a nuisance and a secret too many is an incident.

import { isSecretField, isSecretHeader, isSecretParameter } from './secret-names.ts';

const MASK = '***';

/** How deep a value is followed, and how many parts of it are kept: logs hold summaries, not dumps. */
const MAX_DEPTH = 8;
const MAX_PARTS = 1000;
/** How often a query value may be percent-encoded over itself and still be looked into; beyond that it is masked. */
const MAX_DECODINGS = 3;

const AUTH_SCHEME =
  /^(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256|dpop|hoba|mutual|vapid|scram-[\w-]+)(?=\s)/i;

/** A secret by its look alone. */
const TOKEN_SHAPE = new RegExp(
  [
    String.raw`\b[sr]k[-_][A-Za-z0-9][\w-]{6,}`, // Anthropic, OpenAI, Stripe
    String.raw`\bgh[pousr]_\w{8,}`,
    String.raw`\bgithub_pat_\w{8,}`,
    String.raw`\bglpat-[\w-]{8,}`,
    String.raw`\bxox[a-z]-[\w-]{8,}`,
    String.raw`\bnpm_[A-Za-z0-9]{16,}`,
    String.raw`\bhf_[A-Za-z0-9]{16,}`,
    String.raw`\bAIza[\w-]{20,}`,
    String.raw`\bya29\.[\w.-]{8,}`,
    String.raw`\bslc_[\w-]{8,}`, // our own
    String.raw`\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?`, // JSON Web Tokens
  ].join('|'),
  'g',
);

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** What stands between `://` and the host. A raw slash in a password doesn't end it; a port before a path is no password. */
const URL_CREDENTIALS = /:\/\/(?:[^\s/?#@"'<>]*@(?:[^\s/?#@"'<>]*@)*|[^\s/?#@:"'<>]*:(?!\d*[/?#])[^\s@"'<>]{0,300}@)/g;

/** Words that follow `bearer` or `basic` in prose, where no credential is meant. */
const PROSE = String.raw`(?:tokens?|auth\w*|schemes?|credentials?|headers?|is|are|was|or|and|for|with|failed)(?:[\s.,;:!?)"']|$)|realm=`;
const SCHEME_AND_VALUE = new RegExp(
  String.raw`(\b(?:bearer|basic)\s+)(?!${PROSE})[^\s"',;]+|(\b(?:negotiate|ntlm|dpop)\s+)[\w+/=.~-]{16,}`,
  'gi',
);

const HEADER = '(?:(?:proxy-)?authorization|(?:set-)?cookie)';
/** A field and its value: both quoted, as in JSON; both in one quote, as on a command line; or up to the end of the line. */
const HEADER_LINE = new RegExp(
  String.raw`(["'])${HEADER}\1\s*[:=]\s*(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\[[^\]]*\]?|[^\s,}]+)` +
    String.raw`|(["'])${HEADER}\s*[:=](?:(?!\2)[^\r\n])*` +
    String.raw`|(?<![\w-])${HEADER}\\*["']?\s*[:=][^\r\n]+`,
  'gi',
);

/** `name=value` and `name: value`, bare or quoted. The bound keeps a long word from being looked at again and again. */
const NAME_AND_VALUE = new RegExp(
  String.raw`((?<![\w-])[\w.-]{0,60}(?:token|secret|passw(?:or)?d|passphrase|pwd|(?:api|private|secret|access|auth|session|signing|encryption|master)[-_.]?key|credentials?|signature|jwt|token_sha256)` +
    String.raw`\\*["']?\s?[=:]\s*)(?!(?:null|undefined|true|false)(?:[\s,;}\]]|$))` +
    String.raw`("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+["'][^"'\\]*|[^\s"'<>]+)`,
  'gi',
);

const URL_PARAMETER = /([?&;#])([^\s=&;#?"'<>]{1,60})=([^\s&;#?"'<>]+)/g;
const QUERY_PAIR = /([^=&;#?]*)=([^&;#?]+)/g;

/** A query in which none of this occurs (once it is decoded) holds nothing that is masked: most are through with one look. */
const QUERY_SUSPECT =
  /auth|assertion|basic|bearer|code|cookie|cred|dpop|eyj|gh[pousr]_|github_pat|glpat|hmac|jwt|key|negotiate|npm_|ntlm|hf_|aiza|otp|pass|pwd|[rs]k[-_]|samlresponse|secret|sess|sid|sig|slc_|ticket|token|xox|ya29|@|%[\da-f]{2}/i;

/**
 * A request target or URL for a log line: credentials before the host and the values of secret query parameters are
 * masked, everything else stays as it is, byte for byte.
 */
export function redactTarget(target: string): string {
  if (!target.includes('?') && !target.includes('@')) return target;
  const clean = target.includes('@') ? maskCredentials(target) : target;
  const from = clean.indexOf('?') + 1;
  if (from === 0) return clean;
  const query = clean.slice(from);
  return QUERY_SUSPECT.test(decodeAll(query)) ? clean.slice(0, from) + maskQuery(query) : clean;
}

/** The value of a header field, for a log or an answer. The scheme of an authorization stays, what follows it doesn't. */
export function redactHeader(name: string, value: string): string {
  if (!isSecretHeader(name)) return redactText(value);
  const scheme = AUTH_SCHEME.exec(value);
  return scheme === null ? MASK : `${scheme[0]} ${MASK}`;
}

/** Free text: error messages, lines of configuration, output of others. */
export function redactText(text: string): string {
  return text
    .replace(URL_PARAMETER, maskUrlParameter)
    .replace(PRIVATE_KEY, MASK)
    .replace(URL_CREDENTIALS, `://${MASK}@`)
    .replace(HEADER_LINE, maskHeaderLine)
    .replace(SCHEME_AND_VALUE, `$1$2${MASK}`)
    .replace(NAME_AND_VALUE, (_, name: string, value: string) => name + maskQuoted(value))
    .replace(TOKEN_SHAPE, MASK);
}

/** Long text that is to stay as it is but for what looks like a credential and nothing else, and for those that are known. */
export function redactKeys(text: string, known: readonly string[]): string {
  const unknown = known.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  return unknown.replace(SCHEME_AND_VALUE, `$1$2${MASK}`).replace(TOKEN_SHAPE, MASK);
}

/**
 * Any value on its way into a log or an answer, as plain data: a copy in which every text is clean and every field with
 * a secret's name is masked. Whatever is neither data nor an error is only named.
 */
export function redactValue(value: unknown): unknown {
  return redactNode(value, '', { path: [], partsLeft: MAX_PARTS });
}

function maskCredentials(target: string): string {
  if (target.includes('://')) return target.replace(URL_CREDENTIALS, `://${MASK}@`);
  const from = target.startsWith('//') ? 2 : 0;
  if (from === 0 && target.startsWith('/')) return target;
  const end = target.slice(from).search(/[/?#]/);
  const at = target.lastIndexOf('@', end < 0 ? target.length : from + end);
  return at < from ? target : target.slice(0, from) + MASK + target.slice(at);
}

function maskQuery(query: string): string {
  return query.replace(QUERY_PAIR, maskPair).replace(TOKEN_SHAPE, MASK);
}

function maskPair(pair: string, name: string, value: string): string {
  return isSecretParameter(decodeAll(name)) || holdsSecret(value) ? `${name}=${MASK}` : pair;
}

function maskUrlParameter(all: string, separator: string, name: string, value: string): string {
  const secret =
    isSecretParameter(decodeAll(name)) ||
    (separator === '#' && name === 't') || // the link to the dashboard
    (value.includes('%') && holdsSecret(value));
  return secret ? `${separator}${name}=${MASK}` : all;
}

function maskHeaderLine(all: string): string {
  const from = all.search(/[:=]/) + 1;
  const value = all.slice(from).trimStart();
  const gap = all.slice(from, all.length - value.length);
  const scheme = AUTH_SCHEME.exec(value);
  return all.slice(0, from) + gap + (scheme === null ? maskQuoted(value) : `${scheme[0]} ${MASK}`);
}

function maskQuoted(value: string): string {
  const quote = /^\\*["']/.exec(value)?.[0] ?? '';
  return value.length > quote.length && value.endsWith(quote) ? quote + MASK + quote : quote + MASK;
}

/** Is there a secret in a query's value, also when it is percent-encoded? A whole URL is often passed on that way. */
function holdsSecret(value: string): boolean {
  let text = value;
  for (let round = 0; round <= MAX_DECODINGS; round += 1) {
    if (looksSecret(text)) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

const SECRET_PATTERNS = [URL_CREDENTIALS, HEADER_LINE, SCHEME_AND_VALUE, NAME_AND_VALUE, TOKEN_SHAPE, PRIVATE_KEY];

function looksSecret(text: string): boolean {
  return (
    SECRET_PATTERNS.some((pattern) => text.search(pattern) >= 0) ||
    text.matchAll(URL_PARAMETER).some((match) => isSecretParameter(match[2] ?? ''))
  );
}

function decodeAll(text: string): string {
  let plain = text;
  for (let round = 0; round < MAX_DECODINGS && plain.includes('%'); round += 1) plain = decode(plain);
  return plain;
}

/** Byte for byte, and never failing: good enough to look for ASCII words. */
function decode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

interface Walk {
  /** The objects that lead to the one at hand: a value among them is a circle. */
  readonly path: object[];
  partsLeft: number;
}

function redactNode(value: unknown, name: string, walk: Walk): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (walk.path.includes(value)) return '[circular]';
  if (walk.path.length >= MAX_DEPTH || walk.partsLeft <= 0) return '[more]';
  walk.path.push(value);
  try {
    return redactObject(value, name, walk);
  } catch {
    return '[unreadable]';
  } finally {
    walk.path.pop();
  }
}

function redactObject(value: object, name: string, walk: Walk): unknown {
  if (value instanceof Error) return redactError(value, walk);
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) return redactList([...value], walk);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactNode(value.toJSON(), name, walk);
  if ('headers' in value && 'method' in value && 'url' in value) {
    return redactFields({ method: value.method, url: value.url, headers: value.headers }, name, walk);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype
    ? redactFields(value, name, walk)
    : `[${value.constructor.name}]`;
}

function redactFields(fields: object, of: string, walk: Walk): Record<string, unknown> {
  const isSecret = /headers$/i.test(of) ? isSecretHeader : isSecretField;
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (walk.partsLeft <= 0) break;
    walk.partsLeft -= 1;
    const hidden = value !== null && value !== undefined && typeof value !== 'boolean' && isSecret(name);
    if (name !== '__proto__') result[name] = hidden ? MASK : redactNode(value, name, walk);
  }
  return result;
}

/** Header fields also come as flat lists and as pairs: what follows a secret's name is taken for its value. */
function redactList(items: readonly unknown[], walk: Walk): unknown[] {
  const result: unknown[] = [];
  let before = '';
  for (const item of items) {
    if (walk.partsLeft <= 0) break;
    walk.partsLeft -= 1;
    const hidden = before !== '' && isSecretHeader(before);
    result.push(hidden ? MASK : redactNode(item, '', walk));
    before = typeof item === 'string' && !hidden ? item : '';
  }
  return result;
}

function redactError(error: Error, walk: Walk): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error;
  const fields: Record<string, unknown> = { type: name, message, ...rest, stack };
  if (cause !== undefined) fields['cause'] = cause;
  if (error instanceof AggregateError) fields['errors'] = error.errors;
  return redactFields(fields, '', walk);
}
