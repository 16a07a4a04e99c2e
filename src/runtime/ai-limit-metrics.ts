// What users have of providers of AI, and may have, as metric families, made when somebody asks. Rule: labels are names of the configuration;
// a limit that a user has not got has no series.
import { liveFamily } from '../telemetry/live-family.ts';
import type { MetricLabels } from '../telemetry/metric-definition.ts';
import type { MetricFamily } from '../telemetry/metrics-view.ts';
import type { AllowanceReport, LimitReport } from './ai-budgets.ts';

const USED = {
  type: 'gauge',
  name: 'sluice_ai_limit_used',
  help: 'How much a user has used of a limit for providers of AI: requests, tokens or money.',
} as const;

const MOST = {
  type: 'gauge',
  name: 'sluice_ai_limit_most',
  help: 'How much a user may use of it.',
} as const;

export function aiLimitFamilies(reports: readonly AllowanceReport[]): MetricFamily[] {
  const each = (valueOf: (report: LimitReport) => number): [MetricLabels, number][] =>
    reports.flatMap(({ user, limits }) =>
      limits.map((report): [MetricLabels, number] => [{ user, limit: report.key }, valueOf(report)]),
    );
  return [
    liveFamily(
      USED,
      each(({ used }) => used),
    ),
    liveFamily(
      MOST,
      each(({ most }) => most),
    ),
  ];
}
