// Whether a route leads to a door of the control plane, where nobody gets through it. Rule: it is judged as by the data path, with what the URLs
// say; where a name leads is only known once it is resolved.
import type { BackendsTarget } from '../../config/schema/targets.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import type { ControlGuard } from '../../services/rules/control-guard.ts';
import { originOfUrl } from '../registry.ts';
import type { ExplainedResult } from './explanation.ts';

/** null: at least one of its backends is something else. Behind a proxy it is that proxy who connects. */
export function controlRefusal({ backends, via }: BackendsTarget, guard: ControlGuard): ExplainedResult | null {
  const isDenied = via.length === 0 && backends.length > 0 && backends.every(({ url }) => leadsThere(url, guard));
  if (!isDenied) return null;
  const { status, summary } = ERROR_CATALOGUE.destination_denied;
  const text = `${summary} (a door of the control plane)`;
  return { kind: 'refused', status, code: 'destination_denied', text };
}

function leadsThere(url: string, guard: ControlGuard): boolean {
  const { host, port, path } = originOfUrl(url);
  return (path === null ? guard.refusalOf(host, port) : guard.refusalOfPath(path)) !== null;
}
