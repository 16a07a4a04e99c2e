// Connections straight to a destination. Rule: what a name leads to is judged like the name itself, address by address, before
// anything is connected to.
import { Buffer } from 'node:buffer';
import type { Cancellable, OriginDialEvents } from '../../contract/target.ts';
import type { SluiceError } from '../../core/errors.ts';
import type { DestinationRules, Way } from '../../services/rules/destination-rules.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { dial } from '../../transport/dial.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { denialError } from './denial-error.ts';

export interface DirectOptions {
  readonly dns: DnsCache;
  readonly connectTimeoutMs: number;
  readonly rules: DestinationRules;
}

/** Where a client wants to go, and how it may get there. */
export interface Goal {
  readonly host: string;
  readonly port: number;
  readonly way: Way;
}

export const NOTHING_READ: Buffer = Buffer.alloc(0);

export class Direct {
  private readonly options: DirectOptions;

  constructor(options: DirectOptions) {
    this.options = options;
  }

  dial({ host, port, way }: Goal, events: OriginDialEvents): Cancellable {
    const { dns, connectTimeoutMs, rules } = this.options;
    const refusalOf = (address: string): SluiceError | null => {
      const denial = rules.refusalOfAddress(way, address, port);
      return denial === null ? null : denialError(denial, host);
    };
    return dial(
      { host, port },
      { dns, connectTimeoutMs, refusalOf },
      {
        onConnected: (socket, timings) => events.connected(new Connection(socket, NOBODY), timings),
        onFailed: (error) => events.failed(error),
      },
    );
  }
}
