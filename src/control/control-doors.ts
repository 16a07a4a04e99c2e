// The doors of the control plane that the config asks for. Rule: which doors there are is settled at the start; what they
// show and whom they let in follows the config in force.

import { renderPrometheus, PROMETHEUS_CONTENT_TYPE } from '../telemetry/prometheus.ts';
import type { Logger } from '../telemetry/application-log.ts';
import type { MetricsView } from '../telemetry/metrics-view.ts';
import type { Door } from '../runtime/doors/door.ts';
import { agentGauges } from '../runtime/agents/agent-metrics.ts';
import { accountFamilies } from '../runtime/accounts/account-metrics.ts';
import { aiLimitFamilies } from '../runtime/ai-limit-metrics.ts';
import type { EventBook } from '../runtime/events/event-book.ts';
import { LimitEvents } from '../runtime/events/limit-events.ts';
import { hopFamilies } from '../runtime/hops/hop-metrics.ts';
import type { Sluice } from '../runtime/sluice.ts';
import { cacheFamilies } from '../runtime/cache-metrics.ts';
import { stateFamilies } from '../runtime/state-metrics.ts';
import { JobMeter } from '../runtime/job-traffic.ts';
import { TrafficMeter } from '../runtime/traffic.ts';
import { AdminAccess } from './admin-access.ts';
import { adminDoor } from './admin-door.ts';
import type { AdminParts } from './admin-env.ts';
import type { KeptToken } from './admin-token.ts';
import { AttemptLimiter } from './attempt-limiter.ts';
import { DASHBOARD_FOLDER, readDashboard } from './dashboard-files.ts';
import { metricsDoor } from './metrics-door.ts';
import { SessionBook } from './session-book.ts';

export interface ControlDoors {
  readonly doors: readonly Door[];
  /** The admin token that Sluice keeps by itself, when there is an admin door and the config sets none. */
  readonly keptToken: KeptToken | null;
}

export interface ControlParts {
  readonly sluice: Sluice;
  readonly logger: Logger;
  readonly events: EventBook;
  readonly view: MetricsView;
  /** Opens the admin API to the command line of this user, for this run. */
  readonly runToken: string;
}

export function controlDoors({ sluice, logger, events, view, runToken }: ControlParts): ControlDoors {
  const { admin, metrics } = sluice.loaded.config;
  const doors: Door[] = [];
  let keptToken: KeptToken | null = null;
  if (admin.listen !== null) {
    const access = new AdminAccess(sluice.loaded, runToken);
    const limits = new LimitEvents(view, (facts) => events.note(facts));
    limits.start();
    keptToken = access.kept;
    doors.push(
      adminDoor(admin.listen, {
        sluice,
        logger,
        events,
        limits,
        ...metersOf(view),
        dashboard: dashboardOnce(),
        tokens: () => access.tokens({ config: sluice.tokens.over(sluice.loaded.config) }),
        sessions: new SessionBook(),
        limiter: new AttemptLimiter(),
      }),
    );
  }
  if (metrics.listen !== null) {
    const path = (): string => sluice.loaded.config.metrics.path;
    const render = (): string => renderPrometheus(view);
    view.include(() => hopFamilies([...sluice.hops.proxies(), ...sluice.backends.members()]));
    view.include(() => accountFamilies(sluice.accounts.reports()));
    view.include(() => aiLimitFamilies(sluice.allowances()));
    view.include(() => stateFamilies(sluice.usage.state()));
    view.include(() => sluice.certificates.families());
    view.include(() => cacheFamilies(sluice.cache.stats()));
    view.include(() => agentGauges(sluice.agents.service));
    doors.push(metricsDoor({ listen: metrics.listen, path, render, contentType: PROMETHEUS_CONTENT_TYPE }));
  }
  return { doors, keptToken };
}

function metersOf(view: MetricsView): Pick<AdminParts, 'traffic' | 'jobs'> {
  const traffic = new TrafficMeter(view);
  const jobs = new JobMeter(view);
  traffic.start();
  jobs.start();
  return { traffic: () => traffic.read(), jobs: () => jobs.read() };
}

/** Read when the first browser asks for it. */
function dashboardOnce(): AdminParts['dashboard'] {
  let dashboard: ReturnType<AdminParts['dashboard']> = null;
  return () => (dashboard ??= readDashboard(DASHBOARD_FOLDER));
}
