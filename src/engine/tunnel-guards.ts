// The guards that the policies of a route put at the mouth of a tunnel. Rule: the client's first bytes go on when all of them have
// let it pass; one that refuses, fails or waits for too long is enough to cut it.
import type { Buffer } from 'node:buffer';
import type { TunnelGuard } from '../contract/policy.ts';
import { SluiceError } from '../core/errors.ts';
import type { RelayGuard } from '../transport/relay.ts';
import type { HttpExchange } from './exchange.ts';

/** Null where nobody wants to see what the client says; after an upgrade nobody does. */
export function guardOf(exchange: HttpExchange): RelayGuard | null {
  const policies = exchange.matched!.tunnel;
  if (policies.length === 0 || !exchange.isTunnel) return null;
  try {
    const guards = policies.flatMap((policy) => policy.tunnel(exchange) ?? []);
    return guards.length === 0 ? null : new TunnelGuards(exchange, guards);
  } catch (cause) {
    exchange.engine.onFault(cause);
    return new TunnelGuards(exchange, [NOBODY_PASSES]);
  }
}

const NOBODY_PASSES: TunnelGuard = { take: () => new SluiceError('internal') };

class TunnelGuards implements RelayGuard {
  private readonly exchange: HttpExchange;
  private guards: readonly TunnelGuard[];

  constructor(exchange: HttpExchange, guards: readonly TunnelGuard[]) {
    this.exchange = exchange;
    this.guards = guards;
  }

  take(bytes: Buffer, from: number, to: number): 'more' | 'pass' | 'cut' {
    try {
      const undecided: TunnelGuard[] = [];
      for (const guard of this.guards) {
        const verdict = guard.take(bytes, from, to);
        if (verdict instanceof SluiceError) return this.cutFor(verdict);
        if (verdict === 'more') undecided.push(guard);
      }
      this.guards = undecided;
      return undecided.length === 0 ? 'pass' : 'more';
    } catch (cause) {
      this.exchange.engine.onFault(cause);
      return this.cutFor(new SluiceError('internal', { cause }));
    }
  }

  expired(): void {
    this.cutFor(new SluiceError('request_timeout'));
  }

  /** There is nobody to tell any more but the log. */
  private cutFor(error: SluiceError): 'cut' {
    this.exchange.errorCode ??= error.code;
    return 'cut';
  }
}
