// What a person wants to be reachable, and how visitors are to be treated. Rule: values only; everything is decided when it is made.
import type { IpRange } from '../../core/ip.ts';

export interface ExposedTunnel {
  /** In what is shown. */
  readonly name: string;
  /** `tls`: by name like HTTP, and then as it is; the local server has the certificate. */
  readonly protocol: 'http' | 'tcp' | 'tls';
  readonly localHost: string;
  readonly localPort: number;
  readonly subdomain: string | null;
  readonly hostname: string | null;
  readonly remotePort: number | null;
  /** By which the server tells the local server who the visitor is, for TCP; null: as the server likes. */
  readonly proxyProtocol: string | null;
  /** The same networks as in `allow`, as they were written. */
  readonly allowed: readonly string[];
  /** Other clients of the account may have the same name, and visitors are shared among them. */
  readonly group?: boolean;
  /** What the local server is told as its own name; null: what the visitor has said. */
  readonly hostHeader: string | null;
  /** `user:password` that visitors have to know; null: none. */
  readonly auth: string | null;
  /** Where visitors may come from; empty: from anywhere. */
  readonly allow: readonly IpRange[];
  /** Put in place of fields of that name, or removed where the value is null. */
  readonly requestFields: readonly FieldChange[];
  readonly responseFields: readonly FieldChange[];
  /** Missing: whether the local server is well nobody asks. */
  readonly health?: LocalCheck;
}

export interface LocalCheck {
  /** null: a connection alone is asked for. */
  readonly path: string | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

export type FieldChange = readonly [name: string, value: string | null];
export type FieldPair = readonly [name: string, value: string];
