// The accounts of providers of AI as metric families, made when somebody asks. Rule: labels are names of the configuration; every state
// has a series, so that one which an account is not in reads 0.
import { liveFamily } from '../../telemetry/live-family.ts';
import type { MetricLabels } from '../../telemetry/metric-definition.ts';
import type { MetricFamily } from '../../telemetry/metrics-view.ts';
import type { AccountReport, AccountState } from './account-desk.ts';

const STATES: readonly AccountState[] = ['ok', 'expiring', 'dead', 'cooling', 'auth_failed'];

const STATE = {
  type: 'gauge',
  name: 'sluice_ai_account_state',
  help: 'Whether an account of a provider of AI is in a state: ok, expiring, dead (its owner has to sign in again), cooling (its provider limits it) or auth_failed (its provider refuses it).',
} as const;

const EXPIRY = {
  type: 'gauge',
  name: 'sluice_ai_account_expiry_timestamp_seconds',
  help: 'When the login of an account of a provider of AI runs out unless it is renewed.',
} as const;

const REQUESTS = {
  type: 'counter',
  name: 'sluice_ai_account_requests_total',
  help: 'Requests that an account of a provider of AI was chosen for.',
} as const;

const QUOTA_LEFT = {
  type: 'gauge',
  name: 'sluice_ai_account_quota_left_ratio',
  help: 'How much of a quota of an account of a provider of AI is left, from 0 to 1, as the provider has told last.',
} as const;

const QUOTA_RESET = {
  type: 'gauge',
  name: 'sluice_ai_account_quota_reset_timestamp_seconds',
  help: 'When a quota of an account of a provider of AI begins anew.',
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
    liveFamily(
      REQUESTS,
      labelled.map(([labels, { requests }]): [MetricLabels, number] => [labels, requests]),
    ),
    liveFamily(
      QUOTA_LEFT,
      labelled.flatMap(([labels, { quota }]) => {
        return quota.map(({ window, left }): [MetricLabels, number] => [{ ...labels, window }, left]);
      }),
    ),
    liveFamily(
      QUOTA_RESET,
      labelled.flatMap(([labels, { quota }]) => {
        return quota.map(({ window, resetsAtMs }): [MetricLabels, number] => [
          { ...labels, window },
          resetsAtMs / 1000,
        ]);
      }),
    ),
  ];
}
