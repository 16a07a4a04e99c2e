// What the cache has done with a request, said to the client (RFC 9211). Rule: a member is added behind those of caches nearer to the
// origin; nothing in it tells a client more than how its answer came about.

export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale' | 'partial' | 'miss';

export interface CacheStatus {
  readonly hit: boolean;
  readonly fwd?: Forwarded | undefined;
  readonly fwdStatus?: number | undefined;
  /** Seconds; negative: stale for so long. */
  readonly ttl?: number | undefined;
  readonly stored?: boolean | undefined;
  readonly collapsed?: boolean | undefined;
  /** A word of ours: why it was not stored, or given though stale. */
  readonly detail?: string | undefined;
}

export function cacheStatus(name: string, said: CacheStatus): string {
  let text = name;
  if (said.hit) text += '; hit';
  if (said.fwd !== undefined) text += `; fwd=${said.fwd}`;
  if (said.fwdStatus !== undefined) text += `; fwd-status=${said.fwdStatus}`;
  if (said.ttl !== undefined) text += `; ttl=${Math.floor(said.ttl)}`;
  if (said.stored === true) text += '; stored';
  if (said.collapsed === true) text += '; collapsed';
  if (said.detail !== undefined && said.detail !== '') text += `; detail=${said.detail}`;
  return text;
}
