// A client that has a connection to itself, as exchanges see it. Rule: what the log will want to know when the connection has
// closed is asked for while it can be.
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import type { ClientView } from '../contract/exchange.ts';
import type { Connection } from '../transport/connection.ts';
import type { Listed } from '../transport/roster.ts';

export abstract class ConnectionClient implements ClientView, Listed {
  readonly connection: Connection;
  readonly address: string;
  readonly port: number;
  readonly entrance: string;
  place = -1;

  constructor(connection: Connection, entrance = '') {
    this.connection = connection;
    this.entrance = entrance;
    this.address = connection.remoteAddress;
    this.port = connection.remotePort;
  }

  get localPort(): number {
    return this.connection.localPort;
  }

  get ends(): ProxiedEnds | null {
    return this.connection.ends;
  }

  get secure(): boolean {
    return this.connection.secure;
  }

  get serverName(): string {
    return this.connection.serverName;
  }

  get congested(): boolean {
    return this.connection.congested;
  }
}
