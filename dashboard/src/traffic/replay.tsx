// Sending a request once more. Rule: what was masked is asked for, and goes out once and nowhere else.
import type { ComponentChildren, JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { Chip, statusTone } from '../components/chip.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatBytes } from '../format.ts';
import { sendJson } from '../state/api.ts';
import { pathOf } from './request-detail.ts';

interface ReplayAnswer {
  readonly request: RequestAnswer | null;
  readonly response: { readonly status: number; readonly bytes: number };
}

export interface ReplayProps {
  readonly request: RequestAnswer;
  /** Fields whose values were not kept. */
  readonly notKept: readonly string[];
  readonly isPossible: boolean;
  readonly onShow: (request: RequestAnswer) => void;
  /** Stand before the button. */
  readonly children: ComponentChildren;
}

export function Replay({ request, notKept, isPossible, onShow, children }: ReplayProps): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const isRunning = useSignal(false);
  const outcome = useSignal<ReplayAnswer | null>(null);
  const error = useSignal<Error | null>(null);
  const replay = async (event: Event): Promise<void> => {
    event.preventDefault();
    isRunning.value = true;
    error.value = null;
    const given = [...new FormData(form.current ?? undefined)].filter(([, value]) => value !== '');
    try {
      const wish = given.length === 0 ? undefined : { headers: Object.fromEntries(given) };
      outcome.value = await sendJson<ReplayAnswer>('POST', `${pathOf(request)}/replay`, wish);
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    isRunning.value = false;
  };
  const again = outcome.value?.request ?? null;
  return (
    <form ref={form} class="replay" onSubmit={(event) => void replay(event)}>
      <div class="actions">
        {children}
        <button type="submit" disabled={isRunning.value || !isPossible}>
          {isRunning.value ? 'Sending…' : 'Replay'}
        </button>
      </div>
      {notKept.map((name) => (
        <label key={name}>
          <code>{name}</code>
          <input name={name} type="password" autocomplete="off" placeholder="not kept: for the replay" />
        </label>
      ))}
      {outcome.value !== null && (
        <p class="actions" role="status">
          Sent again:
          <Chip tone={statusTone(outcome.value.response.status)}>{outcome.value.response.status}</Chip>
          {formatBytes(outcome.value.response.bytes)}
          {again !== null && (
            <button type="button" class="plain" onClick={() => onShow(again)}>
              Show it
            </button>
          )}
        </p>
      )}
      <ErrorNotice error={error.value} />
    </form>
  );
}
