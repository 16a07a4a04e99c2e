// Which answers are worth compressing, by their Content-Type. Rule: parameters don't count, and what frames messages of its own
// is left alone whatever the list says.

/** Compression is part of the protocol there: each message says for itself. */
const OWN_COMPRESSION = 'application/grpc';

const MAX_KNOWN = 256;

export class MediaTypes {
  readonly #exact = new Set<string>();
  /** `text/` for `text/*`, `application/` and `+json` for `application/*+json`. */
  readonly #open: (readonly [begin: string, end: string])[] = [];
  readonly #known = new Map<string, boolean>();

  /** As `text/html`, `text/*`, `application/*+json` or `*` followed by `/*` for all. */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      const lower = pattern.toLowerCase();
      const star = lower.indexOf('*');
      if (lower === '*/*') this.#open.push(['', '']);
      else if (star < 0) this.#exact.add(lower);
      else this.#open.push([lower.slice(0, star), lower.slice(star + 1)]);
    }
  }

  /** `value` is that of Content-Type. */
  include(value: string): boolean {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const included = this.#judge(essenceOf(value));
    if (this.#known.size < MAX_KNOWN) this.#known.set(value, included);
    return included;
  }

  #judge(type: string): boolean {
    if (!type.includes('/') || type.startsWith(OWN_COMPRESSION)) return false;
    if (this.#exact.has(type)) return true;
    return this.#open.some(([begin, end]) => {
      return type.length > begin.length + end.length && type.startsWith(begin) && type.endsWith(end);
    });
  }
}

/** Type and subtype, in lower case. */
export function essenceOf(value: string): string {
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}
