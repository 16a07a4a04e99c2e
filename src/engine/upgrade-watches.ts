// The watches that the policies of a route put beside a connection that has left HTTP. Rule: what they do, or fail to do, is nothing that
// the connection would feel.
import type { Buffer } from 'node:buffer';
import type { UpgradeWatch } from '../contract/policy.ts';
import type { RelayWatch } from '../transport/relay.ts';
import type { HttpExchange } from './exchange.ts';

/** Null where nobody watches; tunnels have guards instead. */
export function watchOf(exchange: HttpExchange): RelayWatch | null {
  const policies = exchange.matched!.upgraded;
  if (policies.length === 0 || exchange.isTunnel) return null;
  const onFault = (cause: unknown): void => exchange.engine.onFault(cause);
  const watches = policies.flatMap((policy) => {
    try {
      return policy.upgraded(exchange) ?? [];
    } catch (cause) {
      onFault(cause);
      return [];
    }
  });
  return watches.length === 0 ? null : new UpgradeWatches(watches, onFault);
}

class UpgradeWatches implements RelayWatch {
  private watches: UpgradeWatch[];
  private readonly onFault: (cause: unknown) => void;

  constructor(watches: UpgradeWatch[], onFault: (cause: unknown) => void) {
    this.watches = watches;
    this.onFault = onFault;
  }

  take(bytes: Buffer, from: number, to: number): void {
    for (const watch of this.watches) {
      try {
        watch.take(bytes, from, to);
      } catch (cause) {
        this.giveUp(watch, cause);
      }
    }
  }

  end(): void {
    for (const watch of this.watches) {
      try {
        watch.end();
      } catch (cause) {
        this.onFault(cause);
      }
    }
  }

  /** It sees nothing more, not even the end. */
  private giveUp(failed: UpgradeWatch, cause: unknown): void {
    this.watches = this.watches.filter((watch) => watch !== failed);
    this.onFault(cause);
  }
}
