// The metric families of programs that are run. Rule: labels come from fixed lists.
import type { MetricsRecorder } from './metrics-recorder.ts';

const DURATION_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600];

export interface RunFamilies {
  readonly running: number;
  readonly waiting: number;
  readonly refused: number;
  /** A histogram, in seconds. */
  readonly duration: number;
  readonly ended: (reason: string) => number;
}

export function runFamilies(recorder: MetricsRecorder, labels: { readonly service: string }): RunFamilies {
  const own = { service: labels.service };
  return {
    running: recorder.gauge('sluice_processes_running', 'Programs that run now.', own),
    waiting: recorder.gauge(
      'sluice_processes_waiting',
      'Requests that wait for a program to end before theirs begins.',
      own,
    ),
    refused: recorder.counter('sluice_processes_refused_total', 'Requests refused because too many programs ran.', own),
    duration: recorder.histogram(
      'sluice_process_duration_seconds',
      'Time from the start of a program until nothing of it was left.',
      DURATION_BUCKETS,
      own,
    ),
    ended: (reason) =>
      recorder.counter('sluice_processes_total', 'Programs that have ended, by what ended them.', { ...own, reason }),
  };
}
