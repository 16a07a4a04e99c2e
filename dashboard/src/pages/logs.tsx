// The application log, as it is written. Rule: the address says what is shown; secrets are masked before they get here.
import { Fragment, type JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { EventAnswer } from '../../../src/control/event-answers.ts';
import { Chip, FilterChip, type Tone } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Pane } from '../components/pane.tsx';
import { SearchField } from '../components/search-field.tsx';
import { Table, type Column } from '../components/table.tsx';
import { formatClock, formatCount, formatDate } from '../format.ts';
import { LiveList } from '../state/live-list.ts';
import { adjustQuery, route } from '../state/route.ts';

const LEVELS = ['info', 'warn', 'error'] as const;
const TONES: Readonly<Record<EventAnswer['level'], Tone>> = { info: 'plain', warn: 'warn', error: 'bad', fatal: 'bad' };

export function Page(): JSX.Element {
  const wanted = queryOf(route.value.query).toString();
  const list = useMemo(() => listOf(wanted), [wanted]);
  useEffect(() => () => list.leave(), [list]);
  const open = useSignal<EventAnswer | null>(null);
  const { count, arrived, missed, version } = list.state.value;
  return (
    <>
      <header class="page-head">
        <h1>Logs</h1>
        <p class="quiet">
          {missed > 0 && <Chip tone="warn">{formatCount(missed)} came too fast to be shown</Chip>}
          <span>{formatCount(count)} shown</span>
          <Chip tone={list.connection.value === 'reconnecting' ? 'warn' : 'good'}>{list.connection.value}</Chip>
        </p>
      </header>
      <Filters />
      <ErrorNotice error={list.error.value} />
      <div class="fills with-pane">
        <Table
          key={wanted}
          label="Lines of the log"
          columns={COLUMNS}
          count={count}
          rowAt={(index) => list.at(index)}
          keyOf={({ number }) => number}
          selected={open.value?.number ?? null}
          onOpen={(line) => (open.value = line)}
          putBefore={arrived}
          empty={version === 0 ? undefined : <Nothing />}
        />
        {open.value !== null && <Line line={open.value} onClose={() => (open.value = null)} />}
      </div>
    </>
  );
}

function queryOf(query: URLSearchParams): URLSearchParams {
  const asked = new URLSearchParams({ kind: 'log', level: query.get('level') ?? 'info' });
  const text = query.get('text') ?? '';
  if (text !== '') asked.set('text', text);
  return asked;
}

function listOf(wanted: string): LiveList<EventAnswer> {
  return new LiveList({ path: '/api/v1/events', part: 'events', query: new URLSearchParams(wanted) });
}

function Filters(): JSX.Element {
  const { query } = route.value;
  const level = query.get('level') ?? 'info';
  return (
    <div class="toolbar">
      <SearchField
        label="Filter by text"
        placeholder="Message or field…"
        value={query.get('text') ?? ''}
        onChange={(text) => adjustQuery({ text })}
      />
      <fieldset class="chips">
        <legend class="unseen">From which level on</legend>
        {LEVELS.map((each) => (
          <FilterChip key={each} isOn={each === level} onToggle={() => adjustQuery({ level: each })}>
            {each === 'info' ? 'all' : each}
          </FilterChip>
        ))}
      </fieldset>
    </div>
  );
}

const COLUMNS: readonly Column<EventAnswer>[] = [
  { key: 'at', title: 'Time', width: '68px', cell: ({ at }) => formatClock(at) },
  { key: 'level', title: 'Level', width: '64px', cell: ({ level }) => <Chip tone={TONES[level]}>{level}</Chip> },
  { key: 'message', title: 'Message', width: 'minmax(160px, 1fr)', cell: ({ message }) => message },
  { key: 'fields', title: 'About', width: 'minmax(160px, 1.6fr)', cell: ({ fields }) => fieldWords(fields) },
];

function fieldWords(fields: EventAnswer['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}

function Line({ line, onClose }: { readonly line: EventAnswer; readonly onClose: () => void }): JSX.Element {
  return (
    <Pane title={line.message} onClose={onClose}>
      <p class="actions">
        <Chip tone={TONES[line.level]}>{line.level}</Chip>
        {formatDate(line.at)}
      </p>
      <dl class="facts">
        {Object.entries(line.fields).map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</dd>
          </Fragment>
        ))}
      </dl>
    </Pane>
  );
}

function Nothing(): JSX.Element {
  return (
    <EmptyState title="No line fits" command="sluice up -v">
      The next one that does appears here. To have more of them written:
    </EmptyState>
  );
}
