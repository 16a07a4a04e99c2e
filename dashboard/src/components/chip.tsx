// A word with a colour for its meaning, or a switch of a filter. Rule: the colour never says what the word does not.
import type { ComponentChildren, JSX } from 'preact';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info';

export function Chip({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}): JSX.Element {
  return <span class={`chip ${tone}`}>{children}</span>;
}

export interface FilterChipProps {
  readonly isOn: boolean;
  readonly onToggle: () => void;
  readonly children: ComponentChildren;
}

export function FilterChip({ isOn, onToggle, children }: FilterChipProps): JSX.Element {
  return (
    <button type="button" class="chip filter" aria-pressed={isOn} onClick={onToggle}>
      {children}
    </button>
  );
}

export function statusTone(status: number): Tone {
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warn';
  return status >= 300 ? 'info' : 'good';
}
