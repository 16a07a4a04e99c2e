// How a run stands, in colours. Rule: every status of the API has one.
import type { AgentAnswer } from '../../../src/control/admin-answers.ts';
import type { Tone } from '../components/chip.tsx';

export type RunStatus = AgentAnswer['status'];

export const STATUSES: readonly RunStatus[] = [
  'running',
  'queued',
  'ok',
  'denied',
  'error',
  'stopped',
  'timeout',
  'crashed',
];

const TONES: Readonly<Record<RunStatus, Tone>> = {
  running: 'info',
  queued: 'plain',
  ok: 'good',
  denied: 'warn',
  error: 'bad',
  stopped: 'warn',
  timeout: 'bad',
  crashed: 'bad',
};

export function toneOf(status: RunStatus): Tone {
  return TONES[status];
}

/** It goes on, or is still to begin. */
export function isOpen(status: RunStatus): boolean {
  return status === 'running' || status === 'queued';
}
