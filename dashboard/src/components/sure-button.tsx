// A button for what cannot be taken back. Rule: it acts on the second press, and forgets the first one when somebody turns to something else.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';

export interface SureButtonProps {
  /** `Remove`. */
  readonly word: string;
  /** What it is done to, for those who hear the page. */
  readonly what: string;
  readonly disabled: boolean;
  readonly onSure: () => void;
}

export function SureButton({ word, what, disabled, onSure }: SureButtonProps): JSX.Element {
  const isAsked = useSignal(false);
  const press = (): void => {
    if (isAsked.value) onSure();
    isAsked.value = !isAsked.value;
  };
  const hear = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !isAsked.value) return;
    event.stopPropagation();
    isAsked.value = false;
  };
  return (
    <button
      type="button"
      class={isAsked.value ? 'sure' : undefined}
      aria-label={isAsked.value ? `${word} ${what}: press again to do it` : `${word} ${what}`}
      {...{ disabled }}
      onClick={press}
      onKeyDown={hear}
      onBlur={() => (isAsked.value = false)}
    >
      {isAsked.value ? `${word} now?` : word}
    </button>
  );
}
