// What the engine asks of the connections to one origin, whichever HTTP version it speaks. Types only.
import type { Origin } from '../contract/target.ts';
import type { UpstreamFamilies } from '../telemetry/families.ts';
import type { HttpExchange } from './exchange.ts';

export interface Pool {
  readonly origin: Origin;
  readonly metrics: UpstreamFamilies;
  send(exchange: HttpExchange): void;
  /** Nothing new will be sent; connections end when they are done. */
  close(): void;
  /** Open and opening. */
  readonly connections: number;
}
