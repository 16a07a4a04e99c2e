// Keeps tunnels that a command opens by itself from leading to the control plane of the Sluice that runs beside it. Rule: it knows the Sluice of
// the same data directory and no other.
import { ControlGuard } from '../services/rules/control-guard.ts';
import type { RefusalOf } from '../services/tunnel-client/local-lines.ts';
import { doorAddress } from './doors/door-address.ts';
import { findRunningFile } from './running-file.ts';

const CONTROL_DOORS: ReadonlySet<string> = new Set(['admin', 'metrics']);

export function controlRefusals(dataDir: string): RefusalOf {
  const doors = findRunningFile(dataDir)?.doors ?? [];
  const guard = new ControlGuard();
  guard.replace(doors.flatMap(({ name, address }) => (CONTROL_DOORS.has(name) ? doorAddress(address) : [])));
  return (host, port) => guard.refusalOf(host, port);
}
