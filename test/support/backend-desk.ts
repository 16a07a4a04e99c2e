// The backends of routes without a data plane: for tests of whoever shows or checks them.
import type { Config } from '../../src/config/config.ts';
import { BackendDesk } from '../../src/runtime/backends/backend-desk.ts';
import { BackendWays } from '../../src/runtime/backends/backend-ways.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';

/** For backends that are reached without hops. */
export function waysOf(config: Config): BackendWays {
  return new BackendWays(config, { table: new MemberTable({ capacity: 8 }), dns: new DnsCache() });
}

export interface BackendDeskSettings {
  readonly table?: MemberTable;
  readonly log?: (message: string) => void;
}

export function backendDesk({ table, log = () => {} }: BackendDeskSettings = {}): BackendDesk {
  const note = (_fields: unknown, message?: string): void => log(message ?? '');
  return new BackendDesk({
    table: table ?? new MemberTable({ capacity: 64 }),
    recorder: new MetricsRecorder(),
    logger: { info: note, warn: note },
  });
}
