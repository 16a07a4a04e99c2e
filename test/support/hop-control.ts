// The proxies of hops without a data plane: for tests of whoever shows or changes them. Rule: nothing is kept anywhere unless a
// test names a folder for it.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { HopControl, type WantedEdit } from '../../src/runtime/hops/hop-control.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';

export interface HopSettings {
  readonly dataDir?: string;
  readonly table?: MemberTable;
  readonly log?: (message: string) => void;
}

export function hopControl({ dataDir, table, log = () => {} }: HopSettings = {}): HopControl {
  const note = (_fields: unknown, message?: string): void => log(message ?? '');
  return new HopControl({
    table: table ?? new MemberTable({ capacity: 64 }),
    recorder: new MetricsRecorder(),
    logger: { info: note, warn: note },
    dataDir: dataDir ?? join(tmpdir(), 'sluice-there-is-no-such-folder'),
  });
}

/** Changes hops as a running Sluice does; whatever is wanted can be brought into force. */
export function changer(hops: HopControl, loaded: Config): (wanted: WantedEdit) => Promise<void> {
  return (wanted) => hops.change(loaded, wanted, () => Promise.resolve());
}
