// Who is told what has become of bodies. Types only. Rule: of every body that was to be scanned exactly one of these is told,
// unless its exchange is given up before.
import type { Exchange } from '../../contract/exchange.ts';
import type { ScanFailure } from '../../services/clamd/verdict.ts';

export type Direction = 'request' | 'response';

/** Why a body was not scanned: it cannot be, or there was no verdict. */
export type NotScanned = 'too_large' | 'encoded' | 'partial' | 'stream' | 'form' | ScanFailure;

export interface ScanEars {
  /** `waitMs` has passed from its last byte to the verdict. */
  clean(exchange: Exchange, direction: Direction, waitMs: number): void;
  infected(exchange: Exchange, direction: Direction, signature: string): void;
  /** `passes`: it goes on all the same. */
  failed(exchange: Exchange, direction: Direction, failure: ToldFailure): void;
  /** A connection has been joined: nothing of it is looked at. */
  skipped(exchange: Exchange): void;
}

export interface ToldFailure {
  readonly reason: NotScanned;
  readonly detail: string;
  readonly passes: boolean;
}
