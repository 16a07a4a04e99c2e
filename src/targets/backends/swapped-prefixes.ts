// Where a rewritten path differs from that of the client by its beginning alone. Rule: only then is there a way back.

export interface SwappedPrefixes {
  /** What clients see, without a slash at its end; empty: the root. */
  readonly outer: string;
  /** What stands there for the backend. */
  readonly inner: string;
}

/** `/api/*` to `/v2/{rest}`: `/api` for `/v2`. A path without an end of its own has nothing behind `/api`. Null: paths are not only moved. */
export function swappedPrefixes(pattern: string, to: string): SwappedPrefixes | null {
  const outer = /^((?:\/[^/*{}]+)*)(?:\/(?:\*|\{rest\}))?$/.exec(pattern)?.[1];
  const inner = /^((?:\/[^/{}]+)*)\/\{rest\}$/.exec(to)?.[1];
  return outer === undefined || inner === undefined ? null : { outer, inner };
}
