// Cache-Control as it is said in requests and answers (RFC 9111, 5.2). Rule: what cannot be understood is taken for the more careful
// thing: a lifetime that is no number is none, lifetimes that differ are none, and a flag counts whatever stands behind it.

/** Seconds from here on are as good as forever (RFC 9111, 1.2.2). */
export const FOREVER_S = 2_147_483_648;

export interface Directives {
  /** Something was said, whatever it was. */
  readonly said: boolean;
  readonly noStore: boolean;
  /** Of the whole answer. */
  readonly noCache: boolean;
  /** Of these fields only, in lower case. */
  readonly noCacheFields: readonly string[];
  readonly isPrivate: boolean;
  readonly privateFields: readonly string[];
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly onlyIfCached: boolean;
  /** Seconds; null: not said. */
  readonly maxAge: number | null;
  readonly sMaxAge: number | null;
  readonly staleWhileRevalidate: number | null;
  readonly staleIfError: number | null;
  /** Infinity: however stale. */
  readonly maxStale: number | null;
  readonly minFresh: number | null;
}

/** One member: a name in lower case and what stands behind it. */
export interface Member {
  readonly name: string;
  /** null: nothing stands behind it. */
  readonly value: string | null;
}

const NAME_AND_VALUE = /^([^=]*)=(.*)$/s;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;
const DIGITS = /^\d+$/;
/** What a body cannot be understood without: an answer that must not be given with these must not be given. */
const ESSENTIAL = new Set([
  'content-encoding',
  'content-type',
  'content-range',
  'content-length',
  'vary',
  'etag',
  'date',
]);

/** Servers say the same few things over and over. */
const known = new Map<string, Directives>();
const MOST_KNOWN = 256;
const MOST_KNOWN_LENGTH = 256;

export function parseCacheControl(lines: readonly string[]): Directives {
  if (lines.length === 0) return NOTHING_SAID;
  const text = lines.join(',');
  const before = known.get(text);
  if (before !== undefined) return before;
  const said = directivesOf(membersOf(text));
  if (known.size === MOST_KNOWN) known.clear();
  if (text.length <= MOST_KNOWN_LENGTH) known.set(text, said);
  return said;
}

export function directivesOf(members: readonly Member[]): Directives {
  const has = (name: string): boolean => members.some((member) => member.name === name);
  const noCache = fieldForm(members, 'no-cache');
  const isPrivate = fieldForm(members, 'private');
  return {
    said: members.length > 0,
    noStore: has('no-store'),
    noCache: noCache === 'whole',
    noCacheFields: noCache === 'whole' ? [] : noCache,
    isPrivate: isPrivate === 'whole',
    privateFields: isPrivate === 'whole' ? [] : isPrivate,
    isPublic: has('public'),
    mustRevalidate: has('must-revalidate'),
    proxyRevalidate: has('proxy-revalidate'),
    mustUnderstand: has('must-understand'),
    onlyIfCached: has('only-if-cached'),
    maxAge: lifetime(members, 'max-age'),
    sMaxAge: lifetime(members, 's-maxage'),
    staleWhileRevalidate: lifetime(members, 'stale-while-revalidate'),
    staleIfError: lifetime(members, 'stale-if-error'),
    maxStale: maxStale(members),
    minFresh: minFresh(members),
  };
}

const NOTHING_SAID = directivesOf([]);

/** The members of a list in which commas may stand in quotes. */
function membersOf(text: string): Member[] {
  return splitList(text).flatMap((part) => {
    const trimmed = trim(part);
    if (trimmed === '') return [];
    const [, name = trimmed, value = null] = NAME_AND_VALUE.exec(trimmed) ?? [];
    // No white space belongs before the sign: what stands behind it then is nothing that could be relied on.
    const bare = trim(name);
    return [{ name: bare.toLowerCase(), value: bare === name ? value : '' }];
  });
}

/** At commas, but for those in quotes. A quote that is not closed quotes nothing, so that nothing behind it is overlooked. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === 0x22) at = endOfQuoted(text, at);
    else if (octet === 0x2c) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** Where the closing quote stands; the opening one if there is none. */
function endOfQuoted(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === 0x5c) at++;
    else if (octet === 0x22) return at;
  }
  return opening;
}

function fieldForm(members: readonly Member[], name: string): 'whole' | readonly string[] {
  const fields: string[] = [];
  for (const member of members) {
    if (member.name !== name) continue;
    const names = member.value === null ? [] : unquoted(member.value).split(',').map(trim).filter(Boolean);
    if (names.length === 0 || names.some((field) => ESSENTIAL.has(field.toLowerCase()))) return 'whole';
    fields.push(...names.map((field) => field.toLowerCase()));
  }
  return fields;
}

function unquoted(value: string): string {
  const [, quoted] = QUOTED.exec(value) ?? [];
  return quoted === undefined ? value : quoted.replaceAll(/\\(.)/gs, '$1');
}

function seconds(value: string | null): number | null {
  const digits = value === null ? '' : unquoted(value);
  return DIGITS.test(digits) ? Math.min(Number(digits), FOREVER_S) : null;
}

/** Said twice and differently, or said badly: no time at all. */
function lifetime(members: readonly Member[], name: string): number | null {
  let found: number | null = null;
  for (const member of members) {
    if (member.name !== name) continue;
    const value = seconds(member.value) ?? 0;
    found = found === null || found === value ? value : 0;
  }
  return found;
}

function maxStale(members: readonly Member[]): number | null {
  let found: number | null = null;
  for (const { name, value } of members) {
    if (name !== 'max-stale') continue;
    const allowed = value === null ? Infinity : (seconds(value) ?? 0);
    found = found === null ? allowed : Math.min(found, allowed);
  }
  return found;
}

function minFresh(members: readonly Member[]): number | null {
  let found: number | null = null;
  for (const { name, value } of members) {
    if (name === 'min-fresh') found = Math.max(found ?? 0, seconds(value) ?? 0);
  }
  return found;
}

/** Only what the grammar calls white space: `trim` of the language takes off more. */
export function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}
