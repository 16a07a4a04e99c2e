// Something that a person does to a running Sluice: one at a time, and what came of it is known. Rule: a failure is kept to be shown where it was tried.
import { useSignal, type ReadonlySignal } from '@preact/signals';

export interface Deed {
  readonly isRunning: ReadonlySignal<boolean>;
  /** Of the last try; null: it went well. */
  readonly error: ReadonlySignal<Error | null>;
  /** Tries it; resolves in any case. */
  readonly run: (act: () => Promise<unknown>) => Promise<void>;
}

/** `then`: after what went well. */
export function useDeed(then: () => void = () => {}): Deed {
  const isRunning = useSignal(false);
  const error = useSignal<Error | null>(null);
  const run = async (act: () => Promise<unknown>): Promise<void> => {
    isRunning.value = true;
    error.value = null;
    try {
      await act();
      then();
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    isRunning.value = false;
  };
  return { isRunning, error, run };
}

/** What was typed into a field of a form. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
