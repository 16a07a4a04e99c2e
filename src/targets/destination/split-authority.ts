// Host and port of what a request names. Rule: the engine has found it to be `host [":" port]` already.

export interface HostAndPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

export function splitAuthority(authority: string, defaultPort: number): HostAndPort {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon > authority.lastIndexOf(']');
  const host = hasPort ? authority.slice(0, colon) : authority;
  const digits = hasPort ? authority.slice(colon + 1) : '';
  return { host: host.replace(/^\[|\]$/g, ''), port: digits === '' ? defaultPort : Number(digits) };
}
