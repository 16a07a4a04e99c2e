// The backends of routes without a data plane: for tests of whoever shows or checks them.
import { BackendDesk } from '../../src/runtime/backend-desk.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';

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
