// A path or URL with places that a request fills in: `{rest}` is what the `*` at the end of its route's path stands for, `{name}`
// the part that the path calls so, `{host}` the host that is asked for. Rule: the text is taken apart once, at load time.
import { pathParts } from './path-parts.ts';

const PLACEHOLDER = /\{([A-Za-z_]\w*)\}/;

export const REST = 'rest';
export const HOST = 'host';

/** The names that a text wants to have filled in. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(new RegExp(PLACEHOLDER, 'g'))].map((found) => found[1] ?? '');
}

/** The names that a pattern of a path gives values to. */
export function namesOfPattern(pattern: string): string[] {
  return [...placeholders(pattern), ...(pattern.endsWith('/*') ? [REST] : [])];
}

type Place = { readonly kind: 'part' | 'rest'; readonly index: number } | { readonly kind: 'host' | 'nothing' };

export class PathTemplate {
  /** Texts and places in turn; the first and the last are texts. */
  readonly #texts: readonly string[];
  readonly #places: readonly Place[];

  constructor(text: string, pattern: string) {
    const parts = text.split(PLACEHOLDER);
    this.#texts = parts.filter((_, index) => index % 2 === 0);
    this.#places = parts.filter((_, index) => index % 2 === 1).map((name) => placeOf(name, pattern));
  }

  fill(path: string, host = ''): string {
    const parts = pathParts(path);
    let text = this.#texts[0] ?? '';
    for (const [index, place] of this.#places.entries()) {
      text += valueOf(place, parts, host) + (this.#texts[index + 1] ?? '');
    }
    return text;
  }
}

function placeOf(name: string, pattern: string): Place {
  if (name === HOST) return { kind: 'host' };
  const wanted = pattern.split('/').slice(1);
  const isOpen = wanted.at(-1) === '*' || wanted.at(-1) === `{${REST}}`;
  if (name === REST) return isOpen ? { kind: 'rest', index: wanted.length - 1 } : { kind: 'nothing' };
  const index = wanted.indexOf(`{${name}}`);
  return index < 0 ? { kind: 'nothing' } : { kind: 'part', index };
}

function valueOf(place: Place, parts: readonly string[], host: string): string {
  if (place.kind === 'part') return parts[place.index] ?? '';
  if (place.kind === 'rest') return parts.slice(place.index).join('/');
  return place.kind === 'host' ? host : '';
}
