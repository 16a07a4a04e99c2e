// Which requests an answer is for beside its URL (RFC 9111, 4.1). Rule: what a field says is brought into one form only where both forms
// mean the same; what may be secret does not stand in a key as it is.
import { createHash } from 'node:crypto';
import { splitList, trim } from './cache-control.ts';
import type { FieldReader } from './field-reader.ts';

/** An answer that depends on more is for nobody else. */
const MAX_NAMES = 16;
/** What is longer stands in a key by its digest. */
const MAX_VALUE = 128;
const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const SECRET = new Set(['cookie', 'authorization', 'proxy-authorization']);
/** Lists of words that mean the same in any case and that are picked from by weight and not by place. */
const UNORDERED = new Set(['accept-encoding', 'accept-charset']);
const CASELESS = new Set(['accept-encoding', 'accept-charset', 'accept-language']);
const QUALITY = /;[ \t]*q=([01](?:\.\d{0,3})?)$/i;

/** In lower case, sorted, each once; null: no other request is like this one. */
export function varyNames(lines: readonly string[]): readonly string[] | null {
  if (lines.length === 0) return [];
  const names = new Set<string>();
  for (const part of lines.join(',').split(',')) {
    const name = trim(part).toLowerCase();
    if (name === '') continue;
    // `*` and what is no name at all.
    if (name === '*' || !TOKEN.test(name)) return null;
    names.add(name);
  }
  return names.size > MAX_NAMES ? null : [...names].sort();
}

/** Equal for requests that the same answer is for. */
export function varyKey(names: readonly string[], request: FieldReader): string {
  if (names.length === 0) return '';
  return names.map((name) => `${name}:${valueKey(name, request.getAll(name))}`).join('\n');
}

function valueKey(name: string, lines: readonly string[]): string {
  // A field that was not sent is not one that is empty.
  if (lines.length === 0) return '-';
  const value = normalise(name, lines);
  if (!SECRET.has(name) && value.length <= MAX_VALUE) return `=${value}`;
  return `#${createHash('sha256').update(value, 'latin1').digest('base64url')}`;
}

function normalise(name: string, lines: readonly string[]): string {
  if (name === 'cookie') return lines.join('; ');
  const parts = splitList(lines.join(',')).map(trim).filter(Boolean);
  if (!CASELESS.has(name)) return parts.join(',');
  const words = parts.map((part) => withPlainQuality(part.toLowerCase()));
  return (UNORDERED.has(name) ? words.sort() : words).join(',');
}

/** `x;q=1.0` is `x`, and `x; q=0.50` is `x;q=0.5`. */
function withPlainQuality(word: string): string {
  const match = QUALITY.exec(word);
  if (match === null) return word;
  const bare = trim(word.slice(0, match.index));
  const quality = Number(match[1]);
  return quality === 1 ? bare : `${bare};q=${quality}`;
}
