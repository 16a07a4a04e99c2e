// What the targets of providers of AI are made of, without a data plane: for tests of how they are put together.
import type { Config } from '../../src/config/config.ts';
import type { BackendParts } from '../../src/runtime/assemble/assemble-backends.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { waysOf } from './backend-desk.ts';

export function partsOfAi(config: Config, members: MemberTable = new MemberTable({ capacity: 32 })): BackendParts {
  const dns = { resolve: () => {}, cache: new DnsCache() };
  return {
    members,
    recorder: new MetricsRecorder(),
    threads: 1,
    dns,
    ways: waysOf(config),
    log: () => {},
    connectMs: 1000,
  };
}
