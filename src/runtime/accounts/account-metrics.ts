// The accounts of providers of AI as metric families, made when somebody asks. Rule: labels are names of the configuration; every state
// has a series, so that one which an account is not in reads 0.
import type { StoreState } from '../../services/credentials/credential-store.ts';
import { liveFamily } from '../../telemetry/live-family.ts';
import type { MetricLabels } from '../../telemetry/metric-definition.ts';
import type { MetricFamily } from '../../telemetry/metrics-view.ts';
import type { AccountReport } from './account-desk.ts';

const STATES: readonly StoreState[] = ['ok', 'expiring', 'dead'];

const STATE = {
  type: 'gauge',
  name: 'sluice_ai_account_state',
  help: 'Whether an account of a provider of AI is in a state: ok, expiring, or dead, which means that its owner has to sign in again.',
} as const;

const EXPIRY = {
  type: 'gauge',
  name: 'sluice_ai_account_expiry_timestamp_seconds',
  help: 'When the login of an account of a provider of AI runs out unless it is renewed.',
} as const;

export function accountFamilies(reports: readonly AccountReport[]): MetricFamily[] {
  const labelled = reports.map((report) => [{ provider: report.provider, account: report.id }, report] as const);
  return [
    liveFamily(
      STATE,
      labelled.flatMap(([labels, report]) =>
        STATES.map((state): [MetricLabels, number] => [{ ...labels, state }, report.state === state ? 1 : 0]),
      ),
    ),
    liveFamily(
      EXPIRY,
      labelled.flatMap(([labels, { expiresAtMs }]): [MetricLabels, number][] =>
        expiresAtMs === null ? [] : [[labels, expiresAtMs / 1000]],
      ),
    ),
  ];
}
