// What answers are found by before Vary is looked at. Rule: a key holds the route, so that what one backend says is never given for
// another, and the URL as it was asked for, so that purges by URL find it; configured parts only split or join what is found.

export interface KeyParts {
  /** Names of the query that make no difference; one with `*` at its end stands for all that begin so. */
  readonly ignoredQuery: readonly string[];
  /** The order of the query makes no difference. */
  readonly sortsQuery: boolean;
  /** Fields, in lower case, whose values tell answers apart. */
  readonly fields: readonly string[];
  readonly cookies: readonly string[];
}

interface Asked {
  readonly route: string;
  readonly scheme: string;
  /** Host and port as the request names them. */
  readonly authority: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly request: { getAll(name: string): readonly string[] };
}

function urlOf({ scheme, authority, path }: Asked, query: string): string {
  const plainPort = scheme === 'https' ? ':443' : ':80';
  const lower = authority.toLowerCase();
  const host = lower.endsWith(plainPort) ? lower.slice(0, -plainPort.length) : lower;
  return `${scheme}://${host}${path}${query}`;
}

export class KeyMaker {
  private readonly parts: KeyParts;
  private readonly keepsQuery: boolean;
  private readonly isPlain: boolean;

  constructor(parts: KeyParts) {
    this.parts = parts;
    this.keepsQuery = parts.ignoredQuery.length === 0 && !parts.sortsQuery;
    this.isPlain = parts.fields.length === 0 && parts.cookies.length === 0;
  }

  /** As it is purged and shown. */
  url(asked: Asked): string {
    return urlOf(asked, this.keepsQuery || asked.query === '' ? asked.query : this.query(asked.query));
  }

  key(asked: Asked, url: string): string {
    const key = `${asked.route} ${url}`;
    return this.isPlain ? key : `${key}\n${this.extra(asked)}`;
  }

  private query(query: string): string {
    const kept = query
      .slice(1)
      .split('&')
      .filter((pair) => !this.isIgnored(pair.split('=', 1)[0] ?? ''));
    if (this.parts.sortsQuery) kept.sort();
    return kept.length === 0 || (kept.length === 1 && kept[0] === '') ? '' : `?${kept.join('&')}`;
  }

  private isIgnored(name: string): boolean {
    return this.parts.ignoredQuery.some((ignored) =>
      ignored.endsWith('*') ? name.startsWith(ignored.slice(0, -1)) : name === ignored,
    );
  }

  private extra({ request }: Asked): string {
    const parts = this.parts.fields.map((name) => `${name}=${JSON.stringify(request.getAll(name))}`);
    if (this.parts.cookies.length === 0) return parts.join('&');
    const cookies = cookiesOf(request.getAll('cookie'));
    return [
      ...parts,
      ...this.parts.cookies.map((name) => `;${name}=${JSON.stringify(cookies.get(name) ?? null)}`),
    ].join('&');
  }
}

function cookiesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of lines.join(';').split(';')) {
    const [name = '', ...value] = pair.split('=');
    if (!cookies.has(name.trim())) cookies.set(name.trim(), value.join('=').trim());
  }
  return cookies;
}
