// CDN-Cache-Control (RFC 9213): what an origin says to caches such as this one and to nobody else. Rule: it is a structured field
// (RFC 8941, 3.2); one that cannot be parsed, or says something in a type that it cannot have, counts as not sent.
import { directivesOf, FOREVER_S, type Directives, type Member } from './cache-control.ts';

/** true and false, a number, a text, or something that no directive takes. */
type Item = boolean | number | { readonly text: string } | { readonly other: string };

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const NUMBER = /(-?\d{1,15})(?![\d.])/y;
const DECIMAL = /-?\d{1,12}\.\d{1,3}(?!\d)/y;
const STRING = /"((?:[ !#-[\]-~]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y;
const BYTES = /:[A-Za-z0-9+/=]*:/y;
const BOOLEAN = /\?([01])/y;
const SPACES = / */y;
const COMMA = /[ \t]*,[ \t]*/y;

const LIFETIMES = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);
const FLAGS = new Set(['no-store', 'public', 'must-revalidate', 'proxy-revalidate', 'must-understand']);
const FIELD_FORMS = new Set(['no-cache', 'private']);

/** null: nothing was sent that counts, and Cache-Control and Expires say it. */
export function parseTargetedControl(lines: readonly string[]): Directives | null {
  if (lines.length === 0) return null;
  const text = lines.filter((line) => line !== '').join(', ');
  const members = new Dictionary(text).read();
  if (members === null || members.size === 0) return null;
  const told: Member[] = [];
  for (const [name, item] of members) {
    const member = memberOf(name, item);
    if (member === null) return null;
    if (member !== 'nothing') told.push(member);
  }
  const said = directivesOf(told);
  return { ...said, said: true };
}

/** null: of a type that it cannot have. */
function memberOf(name: string, item: Item): Member | 'nothing' | null {
  if (LIFETIMES.has(name))
    return typeof item === 'number' && item >= 0 ? { name, value: String(Math.min(item, FOREVER_S)) } : null;
  if (!FLAGS.has(name) && !FIELD_FORMS.has(name)) return { name, value: null };
  if (typeof item === 'boolean') return item ? { name, value: null } : 'nothing';
  return FIELD_FORMS.has(name) && typeof item === 'object' && 'text' in item ? { name, value: item.text } : null;
}

class Dictionary {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    // Spaces around the whole, and nothing else, are no part of it.
    this.text = text.replace(/^ +/, '').replace(/ +$/, '');
  }

  read(): Map<string, Item> | null {
    const members = new Map<string, Item>();
    while (this.at < this.text.length) {
      const key = this.take(KEY);
      if (key === null) return null;
      const item = this.passes('=') ? this.itemOrList() : true;
      if (item === null || !this.skipParameters()) return null;
      // What is said last counts.
      members.delete(key);
      members.set(key, item);
      if (this.at === this.text.length) break;
      if (this.take(COMMA) === null || this.at === this.text.length) return null;
    }
    return members;
  }

  private itemOrList(): Item | null {
    if (!this.passes('(')) return this.item();
    for (;;) {
      this.take(SPACES);
      if (this.passes(')')) return { other: 'list' };
      if (this.item() === null || !this.skipParameters()) return null;
      const next = this.text[this.at];
      if (next !== ' ' && next !== ')') return null;
    }
  }

  private item(): Item | null {
    const number = this.take(NUMBER);
    if (number !== null) return Number(number);
    const text = this.match(STRING);
    if (text !== null) return { text: (text[1] ?? '').replaceAll(/\\(.)/g, '$1') };
    const flag = this.match(BOOLEAN);
    if (flag !== null) return flag[1] === '1';
    return (this.take(DECIMAL) ?? this.take(TOKEN) ?? this.take(BYTES)) === null ? null : { other: 'item' };
  }

  private skipParameters(): boolean {
    while (this.passes(';')) {
      this.take(SPACES);
      if (this.take(KEY) === null) return false;
      if (this.passes('=') && this.item() === null) return false;
    }
    return true;
  }

  private passes(octet: string): boolean {
    if (this.text[this.at] !== octet) return false;
    this.at++;
    return true;
  }

  private take(pattern: RegExp): string | null {
    return this.match(pattern)?.[0] ?? null;
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match !== null) this.at = pattern.lastIndex;
    return match;
  }
}
