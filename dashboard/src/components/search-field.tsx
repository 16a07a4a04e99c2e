// A field for a filter by text. Rule: what is typed counts when the typing pauses, so that not every letter is a question.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

const PAUSE_MS = 250;

export interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  /** At first. */
  readonly value: string;
  readonly onChange: (text: string) => void;
}

export function SearchField({ label, placeholder, value, onChange }: SearchFieldProps): JSX.Element {
  const typed = useSignal(value);
  const told = useRef(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (told.current === typed.value) return;
      told.current = typed.value;
      onChange(typed.value);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={typed.value}
      onInput={(event) => (typed.value = event.currentTarget.value)}
    />
  );
}
