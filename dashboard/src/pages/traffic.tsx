// What goes through, as it does. Rule: the address says what is shown; the list goes on by itself unless somebody holds it.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { Chip, FilterChip, statusTone } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { SearchField } from '../components/search-field.tsx';
import { Table, type Column } from '../components/table.tsx';
import { formatBytes, formatClock, formatCount, formatMs } from '../format.ts';
import { LiveList } from '../state/live-list.ts';
import { adjustQuery, route } from '../state/route.ts';
import { CHIP_GROUPS, filtersIn, LOOSE_FILTERS, type Filter } from '../traffic/filters.ts';
import { RequestPane } from '../traffic/request-pane.tsx';
import './traffic.css';

export function Page(): JSX.Element {
  const wanted = filtersIn(route.value.query).toString();
  const isHeld = useSignal(false);
  const open = useSignal<RequestAnswer | null>(null);
  const list = useMemo(() => listOf(wanted), [wanted]);
  useEffect(() => () => list.leave(), [list]);
  return (
    <>
      <header class="page-head">
        <h1>Traffic</h1>
        <Standing list={list} isHeld={isHeld.value} onHold={() => (isHeld.value = !isHeld.value)} />
      </header>
      <Filters />
      <ErrorNotice error={list.error.value} />
      <div class="fills with-pane">
        <Requests
          key={wanted}
          list={list}
          isHeld={isHeld.value}
          open={open.value}
          onOpen={(each) => (open.value = each)}
        />
        {open.value !== null && (
          <RequestPane
            key={open.value.request_id}
            request={open.value}
            onClose={() => (open.value = null)}
            onShow={(request) => (open.value = request)}
            onFilter={setFilter}
          />
        )}
      </div>
    </>
  );
}

function listOf(wanted: string): LiveList<RequestAnswer> {
  return new LiveList({ path: '/api/v1/requests', part: 'requests', query: new URLSearchParams(wanted) });
}

function setFilter(filter: Filter, value: string | null): void {
  adjustQuery({ [filter]: value });
}

interface StandingProps {
  readonly list: LiveList<RequestAnswer>;
  readonly isHeld: boolean;
  readonly onHold: () => void;
}

function Standing({ list, isHeld, onHold }: StandingProps): JSX.Element {
  const { count, missed } = list.state.value;
  const connection = list.connection.value;
  return (
    <div class="quiet">
      {missed > 0 && <Chip tone="warn">{formatCount(missed)} came too fast to be shown</Chip>}
      <span>{formatCount(count)} shown</span>
      {isHeld ? (
        <Chip tone="info">held</Chip>
      ) : (
        <Chip tone={connection === 'reconnecting' ? 'warn' : 'good'}>{connection}</Chip>
      )}
      <button type="button" aria-pressed={isHeld} onClick={onHold}>
        {isHeld ? 'Go on' : 'Hold'}
      </button>
    </div>
  );
}

function Filters(): JSX.Element {
  const { query } = route.value;
  return (
    <div class="toolbar filters">
      <SearchField
        label="Filter by text"
        placeholder="Host, path, client, user, error…"
        value={query.get('text') ?? ''}
        onChange={(text) => setFilter('text', text)}
      />
      {CHIP_GROUPS.map(({ filter, title, choices }) => (
        <fieldset key={filter} class="chips">
          <legend class="unseen">{title}</legend>
          {choices.map(([value, words]) => {
            const isOn = query.get(filter) === value;
            return (
              <FilterChip key={value} isOn={isOn} onToggle={() => setFilter(filter, isOn ? null : value)}>
                {words}
              </FilterChip>
            );
          })}
        </fieldset>
      ))}
      {LOOSE_FILTERS.map((filter) => {
        const value = query.get(filter);
        if (value === null || value === '') return null;
        return (
          <FilterChip key={filter} isOn onToggle={() => setFilter(filter, null)}>
            {filter}: {value} ✕
          </FilterChip>
        );
      })}
    </div>
  );
}

const COLUMNS: readonly Column<RequestAnswer>[] = [
  { key: 'at', title: 'Time', width: '68px', cell: ({ at }) => formatClock(at) },
  { key: 'method', title: 'Method', width: '72px', cell: ({ method }) => method },
  {
    key: 'status',
    title: 'Status',
    width: '52px',
    cell: ({ status }) => <span class={`status ${statusTone(status)}`}>{status}</span>,
  },
  { key: 'host', title: 'Host', width: 'minmax(110px, 1fr)', cell: ({ host }) => host },
  { key: 'target', title: 'Path', width: 'minmax(140px, 2.4fr)', cell: ({ target, host }) => pathIn(target, host) },
  { key: 'by', title: 'Answered by', width: 'minmax(100px, 1fr)', cell: answererOf },
  { key: 'size', title: 'Size', width: '76px', align: 'right', cell: (each) => formatBytes(each.bytes_sent) },
  { key: 'ms', title: 'Time taken', width: '80px', align: 'right', cell: (each) => formatMs(each.duration_ms) },
];

/** In the room beside the pane. */
const FEW_COLUMNS: readonly Column<RequestAnswer>[] = COLUMNS.filter(
  ({ key }) => !['by', 'size', 'host'].includes(key),
);

function answererOf({ answered_by: policy, upstream, exit, error }: RequestAnswer): string {
  return error ?? policy ?? exit ?? upstream ?? '–';
}

/** The host has a column of its own. */
function pathIn(target: string, host: string): string {
  const start = `http://${host}`;
  return target.startsWith(`${start}/`) ? target.slice(start.length) : target;
}

interface RequestsProps {
  readonly list: LiveList<RequestAnswer>;
  readonly isHeld: boolean;
  readonly open: RequestAnswer | null;
  readonly onOpen: (request: RequestAnswer) => void;
}

function Requests({ list, isHeld, open, onOpen }: RequestsProps): JSX.Element {
  const now = list.state.value;
  // While it is held the list is looked at as it was: what has come since lies before it.
  const held = useMemo(() => now, [isHeld, list]);
  const shown = isHeld ? held : now;
  const newer = now.arrived - shown.arrived;
  const count = Math.min(shown.count, now.count - newer);
  const isFiltered = filtersIn(route.value.query).size > 0;
  return (
    <Table
      label="Requests"
      columns={open === null ? COLUMNS : FEW_COLUMNS}
      count={Math.max(0, count)}
      rowAt={(index) => list.at(index + newer)}
      keyOf={({ request_id: id }) => id}
      selected={open?.request_id ?? null}
      onOpen={onOpen}
      putBefore={shown.arrived}
      empty={now.version === 0 ? undefined : <Nothing isFiltered={isFiltered} />}
    />
  );
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) {
    return (
      <EmptyState title="Nothing fits">
        Of the last requests none fits these filters. The next one that does appears here.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Nothing has gone through yet" command="curl http://127.0.0.1:8080/health">
      The next request appears here as it ends. To send one:
    </EmptyState>
  );
}
