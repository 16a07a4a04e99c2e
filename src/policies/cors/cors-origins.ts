// Which origins may read answers, decided once. Rule: an origin is a whole; nothing that only contains an allowed one is one, and
// `null`, which every sandboxed page has, is what it is only by name.

const EVERY_PORT = String.raw`(?::\d{1,5})?`;
const NAMES_BELOW = String.raw`(?:[a-z0-9_-]+\.)+`;

export class CorsOrigins {
  readonly #exact: ReadonlySet<string>;
  readonly #pattern: RegExp | null;
  readonly allowsAny: boolean;

  /** As browsers write them; with `*.` before the host, or `:*` behind it, they are many; `*` is all of them. */
  constructor(origins: readonly string[]) {
    const patterns = origins.filter((origin) => origin !== '*' && origin.includes('*'));
    this.allowsAny = origins.includes('*');
    this.#exact = new Set(origins.filter((origin) => !origin.includes('*')));
    this.#pattern = patterns.length === 0 ? null : new RegExp(`^(?:${patterns.map(patternOf).join('|')})$`);
  }

  allows(origin: string): boolean {
    const plain = origin.toLowerCase();
    if (this.#exact.has(plain)) return true;
    if (plain === 'null') return false;
    return this.allowsAny || (this.#pattern !== null && this.#pattern.test(plain));
  }
}

function patternOf(origin: string): string {
  const [, scheme = '', wild, host = '', port] = /^([^:]+:\/\/)(\*\.)?(.*?)(:\*)?$/.exec(origin) ?? [];
  const below = wild === undefined ? '' : NAMES_BELOW;
  return `${RegExp.escape(scheme)}${below}${RegExp.escape(host)}${port === undefined ? '' : EVERY_PORT}`;
}
