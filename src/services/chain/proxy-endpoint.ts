// One proxy that a chain may go through, as it is configured. Types only.
import type { TlsClient } from '../../transport/tls-client.ts';

export type ProxyProtocol = 'http' | 'https' | 'socks5' | 'socks5h' | 'socks4' | 'socks4a';

export type HopAuthScheme = 'basic' | 'digest' | 'ntlm';

export interface Credentials {
  readonly username: string | null;
  readonly password: string | null;
}

export interface ProxyEndpoint extends Credentials {
  /** The name of its hop in the configuration; a hop of a single proxy is one with one endpoint. */
  readonly hop: string;
  /** Its name within the hop. */
  readonly id: string;
  readonly protocol: ProxyProtocol;
  readonly host: string;
  readonly port: number;
  /** The only scheme that may be used; null: whatever the proxy asks for, Basic before it has asked. */
  readonly auth: HopAuthScheme | null;
  /** How to speak TLS with it; `https` alone has it. */
  readonly tls: TlsClient | null;
  /** Resolve names here and hand addresses to the proxy. SOCKS4 can do nothing else; for others, names stay names. */
  readonly localDns: boolean;
  /** For its TLS, and for its answer, in which it reaches what lies behind it; null: that of the chain. */
  readonly handshakeTimeoutMs: number | null;
  /** For the whole of it, a first hop's connection included; null: no bound but those of its parts. */
  readonly budgetMs: number | null;
}
