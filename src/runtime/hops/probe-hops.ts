// Every proxy of a configuration, checked once, where no Sluice runs with it. Rule: each is dialled and asked through the hops before it, as
// the checks of a running Sluice do it, and nothing is left behind.
import type { Config } from '../../config/config.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import type { CheckResult } from '../../services/balance/member.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { HopDesk } from './hop-desk.ts';

export interface ProbedProxy {
  /** As in X-Sluice-Exit. */
  readonly name: string;
  /** Null: the hops before it cannot be got through. */
  readonly result: CheckResult | null;
}

const AT_ONCE = 16;
const SILENT = { info: (): void => {}, warn: (): void => {} };

export async function probeHops(config: Config): Promise<ProbedProxy[]> {
  const proxies = Object.values(config.hops).reduce((sum, hop) => sum + hop.proxies.length, 0);
  const table = new MemberTable({ capacity: Math.max(32, 2 * proxies) });
  const desk = new HopDesk({ table, recorder: new MetricsRecorder(), logger: SILENT });
  try {
    desk.follow(config, new Set());
    return await checkAll(desk);
  } finally {
    desk.stop();
  }
}

async function checkAll(desk: HopDesk): Promise<ProbedProxy[]> {
  const names = desk.proxies().map(({ name }) => name);
  const probed: ProbedProxy[] = [];
  const next = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      probed.push({ name, result: await desk.check(name) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return probed;
}
