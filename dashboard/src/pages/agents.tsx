// The runs of agents, and what each prints as it prints it. Rule: the address says which runs are shown and which one is open.
import type { JSX } from 'preact';
import type { AgentAnswer, AgentsAnswer } from '../../../src/control/admin-answers.ts';
import { RunPane } from '../agents/run-pane.tsx';
import { STATUSES, toneOf } from '../agents/run-words.ts';
import { Chip, FilterChip } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Table, type Column } from '../components/table.tsx';
import { formatClock, formatCost, formatCount, formatMs, formatSeconds } from '../format.ts';
import { ApiError } from '../state/api.ts';
import { type Polled, usePolled } from '../state/polled.ts';
import { adjustQuery, route } from '../state/route.ts';
import './agents.css';

const LOOK_EVERY_MS = 2000;
const MOST_LISTED = '500';

export function Page(): JSX.Element {
  const { query } = route.value;
  const status = query.get('status') ?? '';
  const asked = new URLSearchParams({ limit: MOST_LISTED, ...(status !== '' && { status }) });
  const runs = usePolled<AgentsAnswer>(`/api/v1/agents?${asked.toString()}`, LOOK_EVERY_MS);
  const answer = runs.data.value;
  const isOff = runs.error.value instanceof ApiError && runs.error.value.status === 404;
  return (
    <>
      <header class="page-head">
        <h1>Agents</h1>
        {answer !== null && (
          <p class="quiet">
            <Chip tone={answer.running > 0 ? 'info' : 'plain'}>{formatCount(answer.running)} running</Chip>
            {answer.queued > 0 && <Chip tone="warn">{formatCount(answer.queued)} waiting</Chip>}
          </p>
        )}
      </header>
      {isOff ? <SwitchedOff /> : <Runs runs={runs} status={status} />}
    </>
  );
}

function Runs({ runs, status }: { readonly runs: Polled<AgentsAnswer>; readonly status: string }): JSX.Element {
  const { agents = [], programs = [], missing = [], node: here } = runs.data.value ?? {};
  const isElsewhere = agents.some(({ node }) => node !== here);
  const open = route.value.query.get('run');
  const warnings = programs.flatMap(({ kind, warning }) => (warning === null ? [] : [{ kind, warning }]));
  return (
    <>
      <fieldset class="toolbar chips">
        <legend class="unseen">Status</legend>
        {STATUSES.map((each) => (
          <FilterChip
            key={each}
            isOn={each === status}
            onToggle={() => adjustQuery({ status: each === status ? null : each })}
          >
            {each}
          </FilterChip>
        ))}
      </fieldset>
      <ErrorNotice error={runs.error.value} />
      {warnings.map(({ kind, warning }) => (
        <p key={kind} class="notice warn">
          {kind}: {warning}
        </p>
      ))}
      {missing.map((name) => (
        <p key={name} class="notice warn">
          The node {name} did not say what it has.
        </p>
      ))}
      <div class="fills with-pane">
        <Table
          key={status}
          label="Runs of agents"
          columns={columnsFor(open !== null, isElsewhere)}
          count={agents.length}
          rowAt={(index) => runAt(agents, index)}
          keyOf={({ agent_id: id }) => id}
          selected={open}
          onOpen={({ agent_id: id }) => adjustQuery({ run: id })}
          empty={runs.data.value === null ? undefined : <Nothing isFiltered={status !== ''} />}
        />
        {open !== null && (
          <RunPane key={open} id={open} onClose={() => adjustQuery({ run: null })} onChanged={runs.again} />
        )}
      </div>
    </>
  );
}

function runAt(runs: readonly AgentAnswer[], index: number): AgentAnswer {
  const run = runs[index];
  if (run === undefined) throw new RangeError(`There is no run ${index}.`);
  return run;
}

const COLUMNS: readonly Column<AgentAnswer>[] = [
  { key: 'at', title: 'Asked for', width: '72px', cell: (run) => formatClock(run.queued_at) },
  {
    key: 'status',
    title: 'Status',
    width: '84px',
    cell: ({ status }) => <Chip tone={toneOf(status)}>{status}</Chip>,
  },
  { key: 'kind', title: 'Kind', width: 'minmax(70px, 0.6fr)', cell: ({ kind }) => kind },
  { key: 'user', title: 'User', width: 'minmax(70px, 0.6fr)', cell: ({ user }) => user ?? '–' },
  { key: 'model', title: 'Model', width: 'minmax(90px, 0.8fr)', cell: ({ model }) => model ?? '–' },
  { key: 'folder', title: 'Folder', width: 'minmax(90px, 1.2fr)', cell: ({ cwd }) => <code>{cwd}</code> },
  { key: 'took', title: 'Took', width: '84px', align: 'right', cell: tookWords },
  {
    key: 'tokens',
    title: 'Tokens in / out',
    width: '120px',
    align: 'right',
    cell: ({ usage }) =>
      usage === null ? '–' : `${formatCount(usage.input_tokens)} / ${formatCount(usage.output_tokens)}`,
  },
  {
    key: 'cost',
    title: 'Cost',
    width: '76px',
    align: 'right',
    cell: ({ cost_usd: cost }) => (cost === null ? '–' : `${formatCost(cost)} $`),
  },
];

/** Of one that goes on: so far. */
function tookWords({ duration_ms: ms, started_at: startedAt, status }: AgentAnswer): string {
  if (status !== 'running' || startedAt === null) return formatMs(ms);
  return formatSeconds(Math.max(0, Date.now() - Date.parse(startedAt)) / 1000);
}

const NODE: Column<AgentAnswer> = {
  key: 'node',
  title: 'Node',
  width: 'minmax(90px, 0.8fr)',
  cell: ({ node }) => <code>{node}</code>,
};

/** In the room beside the pane. */
const FEW_COLUMNS: readonly Column<AgentAnswer>[] = COLUMNS.filter(
  ({ key }) => !['folder', 'tokens', 'model'].includes(key),
);
/** Where some are on other nodes. */
const COLUMNS_OF_NODES: readonly Column<AgentAnswer>[] = COLUMNS.flatMap((column) => {
  return column.key === 'folder' ? [NODE, column] : [column];
});

function columnsFor(isBesidePane: boolean, isElsewhere: boolean): readonly Column<AgentAnswer>[] {
  if (isBesidePane) return FEW_COLUMNS;
  return isElsewhere ? COLUMNS_OF_NODES : COLUMNS;
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <EmptyState title="None is like that">The next one that is appears here.</EmptyState>;
  return (
    <EmptyState title="No agent has run yet" command={`sluice agent stream "What is in this folder?"`}>
      Runs appear here as they start, whoever starts them. On the machine where Sluice runs:
    </EmptyState>
  );
}

function SwitchedOff(): JSX.Element {
  return (
    <EmptyState title="Agents are switched off" command="SLUICE_AGENTS__ENABLED=true sluice up">
      Coding agents and commands over HTTP: agents.enabled in the config, or to try it:
    </EmptyState>
  );
}
