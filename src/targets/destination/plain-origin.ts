// A server or a proxy that clients have chosen to reach, as the engine needs to know it. Rule: it is spoken to in HTTP/1.1 without
// TLS, for a request that asks a proxy in absolute-form names nothing else.
import { formatHostPort } from '../../core/address.ts';
import type { Origin, OriginDialler } from '../../contract/target.ts';

export interface PlainOriginParts {
  readonly host: string;
  readonly port: number;
  /** For logs; without it the URL of the server. */
  readonly name?: string;
  /** For metrics. */
  readonly label: string;
  readonly isProxy: boolean;
  readonly dialler: OriginDialler;
}

export function plainOrigin({ host, port, name, label, isProxy, dialler }: PlainOriginParts): Origin {
  return {
    name: name ?? `http://${formatHostPort(host, port)}`,
    label,
    host,
    port,
    path: null,
    address: null,
    tls: null,
    hostField: null,
    protocol: 'http1',
    pathPrefix: '',
    maxConnections: 0,
    proxyProtocol: null,
    dialler,
    isProxy,
  };
}
