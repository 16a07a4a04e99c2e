// What was used of AI providers over days, as a chart with the same sums beside it as a table. Rule: the address says what is summed and how far back.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { AiUsageAnswer } from '../../../src/control/admin-answers.ts';
import { Chart } from '../components/chart.tsx';
import { FilterChip } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatCost, formatCount } from '../format.ts';
import { usePolled } from '../state/polled.ts';
import { adjustQuery, route } from '../state/route.ts';
import { daysBetween, type Measure, rowsBy, seriesBy, type UsageKey, type UsageRow } from './usage-sums.ts';

const LOOK_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
const SPANS = ['7', '30', '90'] as const;
const MEASURES: readonly Measure[] = ['tokens', 'cost', 'requests'];
const KEYS: readonly UsageKey[] = ['user', 'model'];

export function UsageCard({ isOn }: { readonly isOn: boolean }): JSX.Element {
  const { query } = route.value;
  const span = SPANS.find((each) => each === query.get('days')) ?? '30';
  const key = KEYS.find((each) => each === query.get('by')) ?? 'user';
  const measure = MEASURES.find((each) => each === query.get('measure')) ?? 'tokens';
  const asked = `from=${firstDay(Number(span))}`;
  const { data, error } = usePolled<AiUsageAnswer>(`/api/v1/ai/usage?by=day,user,model&${asked}`, LOOK_EVERY_MS);
  const answer = data.value;
  const isEmpty = answer !== null && answer.usage.length === 0;
  return (
    <section class="card ai-usage">
      <header class="toolbar">
        <h2>Usage</h2>
        <Choice title="Summed by" name="by" choices={KEYS} chosen={key} words={(each) => `by ${each}`} />
        <Choice title="What" name="measure" choices={MEASURES} chosen={measure} words={(each) => each} />
        <Choice title="Days" name="days" choices={SPANS} chosen={span} words={(each) => `${each} days`} />
        <span class="spacer" />
        <a href={`/api/v1/ai/usage?by=day,user,model&format=csv&${asked}`} download="usage.csv">
          as CSV
        </a>
      </header>
      <ErrorNotice error={error.value} />
      {isEmpty && (
        <EmptyState
          title="Nothing was used in these days"
          {...(isOn && { command: 'sluice ai test claude --model claude-haiku-4-5' })}
        >
          {isOn
            ? 'What requests use appears here when they have ended. To ask a model for one token:'
            : 'What was used before is kept, and shown here.'}
        </EmptyState>
      )}
      {answer !== null && !isEmpty && <Usage answer={answer} by={key} measure={measure} />}
    </section>
  );
}

/** In UTC, as the API has days. */
function firstDay(days: number): string {
  return new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

interface ChoiceProps<Name extends string> {
  readonly title: string;
  readonly name: string;
  readonly choices: readonly Name[];
  readonly chosen: Name;
  readonly words: (choice: Name) => string;
}

function Choice<Name extends string>({ title, name, choices, chosen, words }: ChoiceProps<Name>): JSX.Element {
  return (
    <fieldset class="chips">
      <legend class="unseen">{title}</legend>
      {choices.map((each) => (
        <FilterChip key={each} isOn={each === chosen} onToggle={() => adjustQuery({ [name]: each })}>
          {words(each)}
        </FilterChip>
      ))}
    </fieldset>
  );
}

interface UsageProps {
  readonly answer: AiUsageAnswer;
  readonly by: UsageKey;
  readonly measure: Measure;
}

function Usage({ answer, by, measure }: UsageProps): JSX.Element {
  const { usage, from, to } = answer;
  const times = useMemo(() => daysBetween(from, to), [from, to]);
  const series = useMemo(() => seriesBy(usage, times, { key: by, measure }), [usage, times, by, measure]);
  const rows = useMemo(() => rowsBy(usage, by), [usage, by]);
  return (
    <div class="usage-parts">
      {series.length === 0 ? (
        <p class="quiet">
          {measure === 'cost' ? 'None of these models has a price: see ai.prices.' : 'Nothing of that is known.'}
        </p>
      ) : (
        <Chart
          label={`${measure} by ${by} and day, from ${from} to ${to}; the sums stand in the table`}
          times={times}
          series={series}
          height={240}
          kind="bars"
          format={measure === 'cost' ? formatCost : formatCount}
        />
      )}
      <UsageTable rows={rows} by={by} />
    </div>
  );
}

function UsageTable({ rows, by }: { readonly rows: readonly UsageRow[]; readonly by: UsageKey }): JSX.Element {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={`Usage by ${by}`}>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">{by === 'user' ? 'User' : 'Model'}</th>
            {['Requests', 'Input', 'Output', 'Cache read', 'Cache write', 'Cost'].map((title) => (
              <th key={title} scope="col" class="right">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              <td class="right" title={row.unknown === 0 ? undefined : `what ${row.unknown} used is not known`}>
                {formatCount(row.requests)}
                {row.unknown > 0 && <span class="quiet"> ({formatCount(row.unknown)} unknown)</span>}
              </td>
              <td class="right">{formatCount(row.input)}</td>
              <td class="right">{formatCount(row.output)}</td>
              <td class="right">{formatCount(row.cacheRead)}</td>
              <td class="right">{formatCount(row.cacheWrite)}</td>
              <td class="right">{row.cost === null ? '–' : formatCost(row.cost)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
