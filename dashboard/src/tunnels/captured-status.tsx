// How a visitor was answered. Rule: no answer is told apart from a bad one.
import type { JSX } from 'preact';
import type { CapturedAnswer } from '../../../src/control/admin-answers.ts';
import { Chip, statusTone } from '../components/chip.tsx';

export function CapturedStatus({ status }: Pick<CapturedAnswer, 'status'>): JSX.Element {
  return status === null ? <Chip>none</Chip> : <Chip tone={statusTone(status)}>{status}</Chip>;
}
