// The config in force, where each value comes from, and loading it again. Rule: a config that is refused is shown with its faults, and the one that goes
// on being in force stays in sight.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ConfigAnswer, ReloadAnswer, StatusAnswer } from '../../../src/control/admin-answers.ts';
import { Chip, FilterChip } from '../components/chip.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { SearchField } from '../components/search-field.tsx';
import { type KeyLine, keyLines, originOf } from '../config/key-lines.ts';
import { Problems } from '../config/problems.tsx';
import { formatFromNow } from '../format.ts';
import { ApiError, sendJson } from '../state/api.ts';
import { usePolled } from '../state/polled.ts';
import { adjustQuery, route } from '../state/route.ts';
import './config.css';

const STATUS_EVERY_MS = 5000;

export function Page(): JSX.Element {
  const config = usePolled<ConfigAnswer>('/api/v1/config');
  const status = usePolled<StatusAnswer>('/api/v1/status', STATUS_EVERY_MS);
  const { data } = config;
  return (
    <>
      <header class="page-head">
        <h1>Config</h1>
        {status.data.value !== null && <Source config={status.data.value.config} />}
      </header>
      <Reload
        onLoaded={() => {
          config.again();
          status.again();
        }}
      />
      <ErrorNotice error={config.error.value} />
      {data.value !== null && <Problems problems={data.value.warnings} />}
      {data.value !== null && <Keys answer={data.value} />}
    </>
  );
}

function Source({ config }: { readonly config: StatusAnswer['config'] }): JSX.Element {
  return (
    <p class="quiet">
      <span>{config.files.length === 0 ? 'the defaults, without a file' : config.files.join(', ')}</span>
      <span title={config.tag}>loaded {formatFromNow(config.loaded_at)}</span>
      {config.needs_restart.length > 0 && <Chip tone="warn">restart for {config.needs_restart.join(', ')}</Chip>}
    </p>
  );
}

function Reload({ onLoaded }: { readonly onLoaded: () => void }): JSX.Element {
  const isRunning = useSignal(false);
  const outcome = useSignal<ReloadAnswer | null>(null);
  const error = useSignal<Error | null>(null);
  const reload = async (): Promise<void> => {
    isRunning.value = true;
    error.value = null;
    outcome.value = null;
    try {
      outcome.value = await sendJson<ReloadAnswer>('POST', '/api/v1/reload');
      onLoaded();
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    isRunning.value = false;
  };
  return (
    <section class="card reload" aria-label="Reload">
      <div class="actions">
        <button type="button" disabled={isRunning.value} onClick={() => void reload()}>
          {isRunning.value ? 'Loading…' : 'Load it again'}
        </button>
        <span class="quiet">What is in flight ends on the config that it began with. The same from a shell:</span>
        <Code text="sluice reload" />
      </div>
      {outcome.value !== null && (
        <p class="notice good" role="status">
          {outcome.value.changed.length === 0
            ? 'Loaded: nothing is different.'
            : `Loaded: ${outcome.value.changed.join(', ')}.`}
        </p>
      )}
      <ErrorNotice error={error.value} />
      {error.value instanceof ApiError && <Problems problems={error.value.problems} />}
    </section>
  );
}

function Keys({ answer }: { readonly answer: ConfigAnswer }): JSX.Element {
  const { query } = route.value;
  const isSetOnly = query.get('all') === null;
  const text = (query.get('text') ?? '').toLowerCase();
  const lines = useMemo(() => keyLines(answer.config), [answer]);
  const shown = lines.filter((line) => {
    const origin = originOf(answer.origins, line.key);
    if (isSetOnly && text === '' && origin === null) return false;
    return `${line.key} ${line.value} ${origin ?? ''}`.toLowerCase().includes(text);
  });
  return (
    <>
      <div class="toolbar">
        <SearchField
          label="Filter keys, values and origins"
          placeholder="Key, value or file…"
          value={query.get('text') ?? ''}
          onChange={(typed) => adjustQuery({ text: typed })}
        />
        <FilterChip isOn={!isSetOnly} onToggle={() => adjustQuery({ all: isSetOnly ? '1' : null })}>
          with defaults
        </FilterChip>
        <span class="quiet" role="status">
          {shown.length} of {lines.length} keys
        </span>
      </div>
      {shown.length === 0 ? (
        <NothingSet isFiltered={text !== ''} />
      ) : (
        <KeyTable lines={shown} origins={answer.origins} />
      )}
    </>
  );
}

function NothingSet({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <p class="quiet">No key fits.</p>;
  return (
    <section class="card nothing-set">
      <p>Everything has its default. To have a file to start from:</p>
      <Code text="sluice config init" />
    </section>
  );
}

function KeyTable({
  lines,
  origins,
}: {
  readonly lines: readonly KeyLine[];
  readonly origins: ConfigAnswer['origins'];
}): JSX.Element {
  return (
    <section class="card">
      <table class="plain-table keys">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, value }) => (
            <tr key={key}>
              <th scope="row">
                <code>{key}</code>
              </th>
              <td>
                <code>{value}</code>
              </td>
              <td class="quiet">{originOf(origins, key) ?? 'default'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
