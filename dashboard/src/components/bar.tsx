// A share of a whole, drawn. Rule: the numbers stand beside it in words; the drawing is for the eye alone.
import type { JSX } from 'preact';
import type { Tone } from './chip.tsx';

export interface BarProps {
  /** From 0 to 1. */
  readonly share: number;
  readonly tone?: Tone;
  readonly label: string;
}

export function Bar({ share, tone = 'info', label }: BarProps): JSX.Element {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    <span class={`bar ${tone}`} role="img" aria-label={label}>
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}
