// What the session of a client needs of the server. Types only. Rule: it asks the server, which knows all sessions, and never another one.
import type { Exchange } from '../../contract/exchange.ts';
import type { AccountMeter } from './account-meter.ts';
import type { LegacyClients } from './legacy-clients.ts';
import type { TcpOpened, TcpWish } from './tcp-tunnels.ts';
import type { TunnelLink } from './tunnel-link.ts';
import type { TunnelRegistry } from './tunnel-registry.ts';

export interface SessionHost {
  readonly registry: TunnelRegistry;
  readonly legacyClients: LegacyClients;
  /** From where the client comes that asks so. */
  addressOf(exchange: Exchange): string;
  /** Says whose token that is, or why its client may not connect: at once where it is known here, else when it has been asked for. */
  admit(token: string, address: string, then: (admitted: Admission) => void): void;
  urlOf(name: string): string;
  /** Whether a name that a client was just given is its account's on all nodes. null: no other node gives names. */
  confirm?(name: string): Promise<boolean> | null;
  /** null: there are no tunnels of TLS. */
  tlsUrlOf(name: string): string | null;
  openTcp(wish: TcpWish, session: TunnelLink): Promise<TcpOpened>;
  note(event: SessionEvent, session: TunnelLink): void;
  counted(direction: 'in' | 'out', bytes: number): void;
}

export type SessionEvent = 'refused' | 'opened' | 'created' | 'recreated' | 'stream' | 'closed';

export type Admission = { readonly meter: AccountMeter } | { readonly refused: string; readonly why: string };

/** What is known of a client before it has said anything. */
export interface SessionStart {
  readonly remoteAddress: string;
  /** The token that its request shows; null: none. */
  readonly bearer: string | null;
}
