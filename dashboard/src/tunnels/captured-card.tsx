// What visitors of own tunnels have asked last. Rule: a row opens what was asked and answered, from where it can be asked again.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import type { CapturedAnswer } from '../../../src/control/admin-answers.ts';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Table, type Column } from '../components/table.tsx';
import { formatBytes, formatClock, formatMs } from '../format.ts';
import { ApiError, sendJson } from '../state/api.ts';
import { useDeed } from '../state/deed.ts';
import { usePolled } from '../state/polled.ts';
import { CapturedPane } from './captured-pane.tsx';
import { CapturedStatus } from './captured-status.tsx';

const PATH = '/api/v1/tunnels/requests';
const LOOK_EVERY_MS = 2000;
const MOST_LISTED = 200;

export function CapturedCard(): JSX.Element {
  const { data, error, again } = usePolled<{ readonly requests: readonly CapturedAnswer[] }>(
    `${PATH}?limit=${MOST_LISTED}`,
    LOOK_EVERY_MS,
  );
  const open = useSignal<number | null>(null);
  const forget = useDeed(() => {
    open.value = null;
    again();
  });
  const requests = data.value?.requests ?? [];
  // Not a fault: whoever runs it has chosen so.
  if (error.value instanceof ApiError && error.value.status === 404) {
    return <p class="quiet">{error.value.message}</p>;
  }
  return (
    <section class="captured">
      <header class="actions">
        <h2>Last requests of visitors</h2>
        <span class="spacer" />
        {requests.length > 0 && (
          <button
            type="button"
            disabled={forget.isRunning.value}
            onClick={() => void forget.run(() => sendJson('POST', `${PATH}/forget`))}
          >
            Forget them
          </button>
        )}
      </header>
      <ErrorNotice error={forget.error.value ?? error.value} />
      <div class="with-pane captured-frame">
        <Table
          label="Last requests of visitors"
          columns={open.value === null ? COLUMNS : FEW_COLUMNS}
          count={requests.length}
          rowAt={(index) => requestAt(requests, index)}
          keyOf={({ id }) => id}
          selected={open.value}
          onOpen={({ id }) => (open.value = id)}
          empty={data.value === null ? undefined : <p class="quiet nothing">The next one appears here as it comes.</p>}
        />
        {open.value !== null && (
          <CapturedPane
            key={open.value}
            id={open.value}
            onClose={() => (open.value = null)}
            onReplayed={(id) => {
              open.value = id;
              again();
            }}
          />
        )}
      </div>
    </section>
  );
}

function requestAt(requests: readonly CapturedAnswer[], index: number): CapturedAnswer {
  const request = requests[index];
  if (request === undefined) throw new RangeError(`There is no request ${index}.`);
  return request;
}

const COLUMNS: readonly Column<CapturedAnswer>[] = [
  { key: 'time', title: 'Time', width: '68px', cell: ({ time }) => formatClock(time) },
  { key: 'tunnel', title: 'Tunnel', width: 'minmax(70px, 0.6fr)', cell: ({ tunnel }) => tunnel },
  { key: 'method', title: 'Method', width: '72px', cell: ({ method, kind }) => (kind === 'http' ? method : kind) },
  { key: 'status', title: 'Status', width: '70px', cell: ({ status }) => <CapturedStatus status={status} /> },
  { key: 'path', title: 'Path', width: 'minmax(140px, 2.4fr)', cell: ({ path }) => path },
  { key: 'size', title: 'Size', width: '76px', align: 'right', cell: (each) => formatBytes(each.answer_bytes) },
  { key: 'ms', title: 'Time taken', width: '80px', align: 'right', cell: (each) => formatMs(each.duration_ms) },
];

/** In the room beside the pane. */
const FEW_COLUMNS: readonly Column<CapturedAnswer>[] = COLUMNS.filter(({ key }) => !['tunnel', 'size'].includes(key));
