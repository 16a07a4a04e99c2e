// An answer of the API that is asked for again and again while somebody looks at it. Rule: one question at a time, none while the page is hidden; a
// failure leaves the last answer in place beside the error.
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { askJson } from './api.ts';

export interface Polled<Answer> {
  readonly data: ReadonlySignal<Answer | null>;
  /** Of the last question; null: it went well. */
  readonly error: ReadonlySignal<Error | null>;
  /** Asks now: after something was changed. */
  readonly again: () => void;
}

/** `everyMs` 0: once. */
export function usePolled<Answer>(path: string, everyMs = 0): Polled<Answer> {
  const data = useSignal<Answer | null>(null);
  const error = useSignal<Error | null>(null);
  const turn = useSignal(0);
  const wanted = turn.value;
  useEffect(() => {
    const left = new AbortController();
    let timer = 0;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          data.value = await askJson<Answer>(path, { signal: left.signal });
          error.value = null;
        } catch (thrown) {
          if (left.signal.aborted) return;
          error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
        }
      }
      if (everyMs > 0 && !left.signal.aborted) timer = window.setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, wanted]);
  return { data, error, again: () => void (turn.value += 1) };
}
