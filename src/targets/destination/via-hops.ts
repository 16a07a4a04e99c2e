// Requests that go through hops. Types for now.
import type { Exchange } from '../../contract/exchange.ts';
import type { Attempt, Cancellable, Origin, TunnelEvents } from '../../contract/target.ts';
import type { Goal } from './direct.ts';

export interface ViaHops {
  select(exchange: Exchange, goal: Goal, tried: readonly Origin[]): Origin | null;
  connect(exchange: Exchange, goal: Goal, events: TunnelEvents): Cancellable;
  report(attempt: Attempt): void;
}
